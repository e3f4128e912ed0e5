import type { CachedToken, IdentifierReason, Identifiers } from '@zhongtai/domain';
import type { Codec } from '@zhongtai/highway';
import type { Item } from '../body/parse-events.ts';
import type { RefusalCode } from '../errors.ts';
import type { Grant, Sender } from '../keys/keys.ts';
import type { DraftRecord } from '../validation/compile.ts';
import { Fault } from '../validation/fault.ts';
import { misfit, type ValueLimits } from '../validation/scalar.ts';
import type { AdmittedEvent, Draft } from './draft.ts';
import { isUuid } from './event-id.ts';
import type { EventPlan, Plans, RecordPlan } from './plans.ts';
import { tokeniseFields, tokeniseIdentities } from './tokenise.ts';

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
  if (type === undefined) fault.raise('ZT-GATEWAY-MISSING', 'is required');
  else misfit(type, 'a string', limits, fault);
  return fault.under('event_type');
}

export function createIntake(options: IntakeOptions): Intake {
  const { plans, identifiers, limits, onDropped } = options;

  function planOf(value: unknown, sender: Sender, work: Work): EventPlan | undefined {
    const { fault } = work;
    const type = eventTypeOf(value, limits, fault);
    if (type === undefined) return undefined;
    const plan = plans.events.get(type);
    if (plan === undefined) {
      fault.raise('ZT-GATEWAY-UNKNOWN-TYPE', 'is no event type of the contract');
      return fault.under('event_type');
    }
    work.source = plan.source;
    if (!sender.sources.has(plan.source)) {
      fault.raise('ZT-GATEWAY-SOURCE', `the key may not send events of source ${plan.source}`);
      return fault.under('event_type');
    }
    return plan;
  }

  /** Fills the fields that the platform answers for. Returns the event_id when it was minted. */
  function fillEnvelope(
    record: DraftRecord,
    plan: EventPlan,
    sender: Sender,
    { now, fault }: Work,
  ): string | undefined {
    const raise = (field: string, code: RefusalCode, message: string): undefined => {
      fault.raise(code, message);
      return fault.under(field);
    };
    const { source, event_id: id } = record;
    if (source !== 'unknown' && source !== plan.source) {
      return raise('source', 'ZT-GATEWAY-SOURCE', `this event_type belongs to source ${plan.source}`);
    }
    if (Number(record['event_time']) > now + options.maxFutureMs) {
      return raise(
        'event_time',
        'ZT-GATEWAY-FUTURE',
        `lies more than ${options.maxFutureMs} ms ahead of the platform`,
      );
    }
    record['source'] = plan.source;
    record['source_system'] = sender.name;
    record['ingest_time'] = now;
    if (id === '') {
      const minted = options.mintEventId(now);
      record['event_id'] = minted;
      return minted;
    }
    if (typeof id !== 'string' || !isUuid(id))
      return raise('event_id', 'ZT-GATEWAY-EVENT-ID', 'must be a UUID');
    record['event_id'] = id.toLowerCase();
    return undefined;
  }

  function finish(
    record: DraftRecord,
    plan: RecordPlan,
    source: Grant,
    { index, now, fault }: Work,
    minted: string | undefined,
  ): AdmittedEvent | undefined {
    const unstored: CachedToken[] = [];
    const tokenising = { identifiers, now, fault, unstored, onDropped };
    tokeniseIdentities(record, tokenising);
    if (!fault.raised) tokeniseFields(plan.personalFields, record, tokenising);
    if (fault.raised) return undefined;
    const { topic, record: entry } = plan;
    const key = entry.key(record);
    if (key === null)
      return fault.raise('ZT-GATEWAY-MISSING', 'names none of the ids that the record is kept by');
    const value = options.codec.encode(topic.name, entry.name, record);
    if (value.length > options.maxRecordBytes) {
      return fault.raise('ZT-GATEWAY-RECORD-TOO-LARGE', `takes more than ${options.maxRecordBytes} bytes`);
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
      const admitted =
        'broken' in item ? fault.raise('ZT-GATEWAY-JSON', item.broken) : admit(item.value, work);
      if (admitted !== undefined && !fault.raised) {
        draft.events.push(admitted);
        return;
      }
      draft.refusals.push({ index, code: fault.code, path: fault.path, message: fault.message });
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
        const minted = fillEnvelope(record, plan, sender, work);
        return work.fault.raised ? undefined : finish(record, plan, plan.source, work, minted);
      }),
    references: (plan, items, sender, now) =>
      each(items, now, (value, work) => {
        work.source = 'reference';
        if (!sender.sources.has('reference')) {
          return work.fault.raise('ZT-GATEWAY-SOURCE', 'the key may not send reference records');
        }
        const record = plan.check(value, work.fault);
        return record === undefined || work.fault.raised
          ? undefined
          : finish(record, plan, 'reference', work, undefined);
      }),
  };
}
