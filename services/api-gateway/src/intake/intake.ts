import {
  type CachedToken,
  type DraftRecord,
  Fault,
  type IdentifierReason,
  type Identifiers,
  misfit,
  type RecordPlan,
  settleEnvelope,
  tokeniseRecord,
  type ValueLimits,
} from '@zhongtai/domain';
import type { Codec } from '@zhongtai/highway';
import type { Item } from '../body/parse-events.ts';
import type { Grant, Sender } from '../keys/keys.ts';
import type { AdmittedEvent, Draft } from './draft.ts';
import type { EventPlan, Plans } from './plans.ts';

export interface IntakeOptions {
  readonly plans: Plans;
  readonly codec: Pick<Codec, 'encode'>;
  readonly identifiers: Identifiers;
  readonly limits: ValueLimits;
  /** How far event_time may lie ahead of the platform's clock. */
  readonly maxFutureMs: number;
  readonly mintEventId: (nowMs: number) => string;
  readonly onDropped: (idType: string, reason: IdentifierReason) => void;
  /** Most bytes of one encoded record: Kafka refuses larger ones. */
  readonly maxRecordBytes: number;
}

/** Checks what a request holds and makes records of what is good. Pure but for the token cache: no I/O. */
export interface Intake {
  events(items: readonly Item[], sender: Sender, now: number): Draft;
  references(plan: RecordPlan, items: readonly Item[], sender: Sender, now: number): Draft;
}

interface Work {
  readonly index: number;
  readonly now: number;
  readonly fault: Fault;
  /** Known as soon as the event_type is. */
  source: Grant | 'unknown';
}

function eventTypeOf(value: unknown, limits: ValueLimits, fault: Fault): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return misfit(value, 'an object (an event)', limits, fault);
  }
  const type: unknown = 'event_type' in value ? value.event_type : undefined;
  if (typeof type === 'string') return type;
  if (type === undefined) fault.raise('MISSING', 'is required');
  else misfit(type, 'a string', limits, fault);
  return fault.under('event_type');
}

export function createIntake(options: IntakeOptions): Intake {
  const { plans, identifiers, limits, mintEventId, onDropped } = options;

  function planOf(value: unknown, sender: Sender, work: Work): EventPlan | undefined {
    const { fault } = work;
    const type = eventTypeOf(value, limits, fault);
    if (type === undefined) return undefined;
    const plan = plans.events.get(type);
    if (plan === undefined) {
      fault.raise('UNKNOWN-TYPE', 'is no event type of the contract');
      return fault.under('event_type');
    }
    work.source = plan.source;
    if (!sender.sources.has(plan.source)) {
      fault.raise('SOURCE', `the key may not send events of source ${plan.source}`);
      return fault.under('event_type');
    }
    return plan;
  }

  function finish(
    record: DraftRecord,
    plan: RecordPlan,
    source: Grant,
    { index, now, fault }: Work,
    minted: string | undefined,
  ): AdmittedEvent | undefined {
    const unstored: CachedToken[] = [];
    tokeniseRecord(plan.personalFields, record, { identifiers, now, fault, unstored, onDropped });
    if (fault.raised) return undefined;
    const { topic, record: entry } = plan;
    const key = entry.key(record);
    if (key === null) return fault.raise('MISSING', 'names none of the ids that the record is kept by');
    const value = options.codec.encode(topic.name, entry.name, record);
    if (value.length > options.maxRecordBytes) {
      return fault.raise('RECORD-TOO-LARGE', `takes more than ${options.maxRecordBytes} bytes`);
    }
    const message = { topic: topic.name, key, value, timestampMs: now };
    return { index, lossClass: entry.lossClass, source, message, unstored, minted };
  }

  function each(
    items: readonly Item[],
    now: number,
    admit: (value: unknown, work: Work) => AdmittedEvent | undefined,
  ): Draft {
    const draft: Draft = { events: [], refusals: [], refusedBySource: new Map() };
    const { refusedBySource } = draft;
    const fault = new Fault();
    items.forEach((item, index) => {
      fault.reset();
      const work: Work = { index, now, fault, source: 'unknown' };
      if ('broken' in item) {
        draft.refusals.push({ index, code: 'ZT-GATEWAY-JSON', path: '', message: item.broken });
      } else {
        const admitted = admit(item.value, work);
        if (admitted !== undefined && !fault.raised) {
          draft.events.push(admitted);
          return;
        }
        const { path, message } = fault;
        draft.refusals.push({ index, code: fault.codeFor('ZT-GATEWAY'), path, message });
      }
      refusedBySource.set(work.source, (refusedBySource.get(work.source) ?? 0) + 1);
    });
    return draft;
  }

  return {
    events: (items, sender, now) =>
      each(items, now, (value, work) => {
        const plan = planOf(value, sender, work);
        if (plan === undefined) return undefined;
        const record = plan.check(value, work.fault);
        if (record === undefined || work.fault.raised) return undefined;
        const { source } = plan;
        const entrance = {
          source,
          now,
          maxFutureMs: options.maxFutureMs,
          sourceSystem: sender.name,
          mintEventId,
        };
        const minted = settleEnvelope(record, entrance, work.fault);
        return work.fault.raised ? undefined : finish(record, plan, source, work, minted);
      }),
    references: (plan, items, sender, now) =>
      each(items, now, (value, work) => {
        work.source = 'reference';
        if (!sender.sources.has('reference')) {
          return work.fault.raise('SOURCE', 'the key may not send reference records');
        }
        const record = plan.check(value, work.fault);
        return record === undefined || work.fault.raised
          ? undefined
          : finish(record, plan, 'reference', work, undefined);
      }),
  };
}
