/*
 * Makes events of direct publishers fit for everybody (直送事件的檢查與去識別): the same checks, tokens and keys as at
 * the API gateway, by the same rules of the domain.
 * In: direct.<source>, identifiers in clear, any key or none; stamped by the broker, and that is the event's ingest_time.
 * State: tokens whose vault records were written within the last hour.
 * Out: inbound.<source>, keyed by the catalogue; vault.identifier, in the same transaction. What is wrong with an event
 * makes it a dead letter, sealed, for its bytes may hold identifiers in clear.
 */
import {
  type CachedToken,
  envelopeOfAvro,
  Fault,
  type Identifiers,
  missingOf,
  planRecord,
  type RecordPlan,
  settleEnvelope,
  tokeniseRecord,
  type ValueLimits,
  type VaultCipher,
} from '@zhongtai/domain';
import type { Codec, Decoded } from '@zhongtai/highway';
import { isFailure } from '@zhongtai/runtime';
import { recordOf, type Source, type Topic } from '@zhongtai/schemas';
import {
  type Context,
  type InputRecord,
  type Serde,
  stream,
  type Topology,
  topology,
  type WindowStoreDefinition,
} from '@zhongtai/streams';
import { rawTopic } from './raw-topic.ts';
import { segmentOf } from './segments.ts';

export interface AdmitCheckParts {
  readonly sources: readonly { readonly source: Source; readonly direct: Topic; readonly inbound: Topic }[];
  readonly vault: Topic;
  readonly schemaText: (recordName: string) => string;
  readonly codec: Pick<Codec, 'decode' | 'encode'>;
  readonly identifiers: Identifiers;
  readonly cipher: VaultCipher;
  /** Version of the token secret, kept with each vault record. */
  readonly secretVersion: number;
  readonly limits: ValueLimits;
  readonly maxFutureMs: number;
}

const vaultRecord = 'zhongtai.vault.Identifier';
const hourMs = 60 * 60 * 1000;

/** A record type with what its check needs to know of the platform. */
export interface SourcePlan extends RecordPlan, Pick<AdmitCheckParts, 'identifiers' | 'maxFutureMs'> {
  readonly source: Source;
}

/** Nothing is kept of a token but that it is there. */
const presence: Serde<true> = { name: 'presence', encode: () => Buffer.from([1]), decode: () => true };

/**
 * Tokens whose vault records are written. Part of the task's state and not of a process's memory: what a lost
 * transaction would have written is written by the next owner. For an hour or two, so that a vault record which was
 * erased can come back with its person.
 */
const vaulted: WindowStoreDefinition<true> = {
  kind: 'window',
  name: 'vaulted',
  serde: presence,
  retentionMs: 2 * hourMs,
  segmentMs: hourMs,
};

/** An event as it goes on, with the tokens in it. */
export interface CheckedEvent {
  readonly key: string;
  readonly event: Record<string, unknown>;
  readonly tokens: readonly CachedToken[];
}

/** Checks a decoded event of a direct publisher and makes it fit for the topics; undefined after raising the fault. */
export function checkEvent(
  plan: SourcePlan,
  given: unknown,
  nowMs: number,
  fault: Fault,
): CheckedEvent | undefined {
  const event = plan.check(given, fault);
  if (event === undefined || fault.raised) return undefined;
  checkOwnWord(plan, event, fault);
  const { source, maxFutureMs, identifiers } = plan;
  if (!fault.raised) settleEnvelope(event, { source, now: nowMs, maxFutureMs }, fault);
  const tokens: CachedToken[] = [];
  const tokenising = { identifiers, now: nowMs, fault, unstored: tokens, onDropped: () => undefined };
  if (!fault.raised) tokeniseRecord(plan.personalFields, event, tokenising);
  if (fault.raised) return undefined;
  const key = plan.record.key(event);
  if (key === null) return fault.raise('MISSING', 'names none of the ids that its topic is kept by');
  return { key, event, tokens };
}

/** What an event in Avro can say that one in JSON cannot. */
function checkOwnWord(plan: RecordPlan, event: Record<string, unknown>, fault: Fault): void {
  if (event['event_type'] !== plan.record.eventType) {
    fault.raise('UNKNOWN-TYPE', `is not the event type of ${plan.record.name}`);
    fault.under('event_type');
  } else if (event['link'] !== null) {
    fault.raise('UNKNOWN-FIELD', 'is filled in by the platform alone');
    fault.under('link');
  } else {
    missingOf(plan, event, fault);
  }
}

export function admitCheck(parts: AdmitCheckParts): Topology {
  const vault = rawTopic(parts.vault);

  function keepClearValue(
    { idType, scope, token, value }: CachedToken,
    nowMs: number,
    context: Context,
  ): void {
    const written = context.window(vaulted);
    const atMs = Math.max(nowMs, context.streamTimeMs);
    const segment = segmentOf(atMs, hourMs);
    if (written.get(token, segment) ?? written.get(token, segment - hourMs)) return;
    written.put(token, segment, true);
    const record = {
      token,
      id_type: idType,
      scope,
      ...parts.cipher.seal(token, value),
      secret_version: parts.secretVersion,
      stored_at: nowMs,
    };
    context.emitBytes(vault, token, parts.codec.encode(parts.vault.name, vaultRecord, record));
  }

  function checking({ source, direct, inbound }: AdmitCheckParts['sources'][number]) {
    const { schemaText, limits, codec, identifiers, maxFutureMs } = parts;
    const planning = { schemaText, limits, rules: envelopeOfAvro };
    const plans = new Map(
      inbound.records.map((record): [string, SourcePlan] => {
        const plan = planRecord(inbound, record, planning);
        return [record.name, { ...plan, source, identifiers, maxFutureMs }];
      }),
    );
    const out = rawTopic(inbound);
    const fault = new Fault();

    function check(record: InputRecord<Buffer>, context: Context): void {
      const decoded = decodeOrSetAside(codec, record, context);
      if (decoded === undefined) return;
      const { recordName, value } = decoded;
      const plan = plans.get(recordName);
      fault.reset();
      if (plan === undefined) raiseForeign(value, source, fault);
      const checked = plan && checkEvent(plan, value, record.ingestTimeMs, fault);
      if (checked === undefined) {
        context.deadLetter(fault.codeFor('ZT-ADMIT'), `${fault.path}: ${fault.message}`);
        return;
      }
      for (const token of checked.tokens) keepClearValue(token, record.ingestTimeMs, context);
      context.emitBytes(out, checked.key, codec.encode(inbound.name, recordName, checked.event));
    }

    const name = `check-${source}`;
    return stream(rawTopic(direct), check, {
      name,
      key: 'optional',
      stores: [vaulted],
      outputs: [out, vault],
    });
  }

  return topology('check', {
    order: 'free',
    idleMs: null,
    parts: parts.sources.map(checking),
  });
}

/**
 * What strangers write may be anything. It is this rule's business to set it aside: thrown, it would count as a fault
 * of ours, and many of them as a bad deploy.
 */
function decodeOrSetAside(
  codec: Pick<Codec, 'decode'>,
  record: InputRecord<Buffer>,
  context: Context,
): Decoded | undefined {
  try {
    return codec.decode(record.bytes);
  } catch (error) {
    if (!isFailure(error, 'bad_record')) throw error;
    context.deadLetter(error.code, error.message);
    return undefined;
  }
}

/** The record was written with no schema of this source. */
function raiseForeign(value: unknown, source: Source, fault: Fault): void {
  const named = typeof value === 'object' && value !== null && 'event_type' in value;
  const type = named ? String(value.event_type) : '';
  if (recordOf(type) === undefined) fault.raise('UNKNOWN-TYPE', 'is no event type of the contract');
  else fault.raise('SOURCE', `its schema is no record of source ${source}`);
  fault.under('event_type');
}
