import type { Highway } from '@zhongtai/highway';
import {
  type Application,
  application,
  type KeyedStoreDefinition,
  numberSerde,
  type Part,
  type Serde,
  type StreamTopic,
  sessions,
  stream,
  type TimerDefinition,
  table,
  tableJoin,
  topology,
  windowJoin,
} from '@zhongtai/streams';
import { type CaseName, parameters } from './cases.ts';
import type { BenchCodec, BenchEvent, BenchResult } from './records.ts';

const { windowMs, graceMs, gapMs, sessionGraceMs, waitMs } = parameters;

export interface CaseTopics {
  readonly inputs: readonly string[];
  readonly output: string;
}

/** The bench's cases as a user of ours would write them. */
export function caseApplication(
  caseName: CaseName,
  name: string,
  topics: CaseTopics,
  highway: Highway,
  codec: BenchCodec,
): Application {
  const events: Serde<BenchEvent> = {
    name: 'bench.Event',
    encode: (event) => codec.encodeEvent(event),
    decode: (bytes) => highway.codec.decode<BenchEvent>(bytes).value,
  };
  const results: Serde<BenchResult> = {
    name: 'bench.Result',
    encode: (result) => codec.encodeResult(result),
    decode: (bytes) => highway.codec.decode<BenchResult>(bytes).value,
  };
  const inputs = topics.inputs.map((input) => eventsOf(input, events));
  const [first, second = first] = inputs;
  if (first === undefined || second === undefined) throw new Error('a case needs an input');
  const output = { name: topics.output, partitions: 'P' as const, serde: results };
  const parts: Record<CaseName, () => readonly Part[]> = {
    map: () => [mapped(first, eventsOf(topics.output, events))],
    count: () => [counted(first, output)],
    join: () => [joined(first, second, output)],
    table: () => withTable(first, second, output),
    sessions: () => [closedSessions(first, output)],
    timers: () => [timed(first, output)],
  };
  const order = caseName === 'table' ? 'arrival' : 'free';
  const byTime = caseName === 'table' ? { byTime: true } : {};
  // Time goes on with the records alone, as it does for Kafka Streams.
  return application(name, [topology('bench', { order, idleMs: null, ...byTime, parts: parts[caseName]() })]);
}

function eventsOf(name: string, serde: Serde<BenchEvent>): StreamTopic<BenchEvent> {
  return { name, partitions: 'P', serde, eventTimeMs: (event) => event.event_time };
}

function mapped(from: StreamTopic<BenchEvent>, to: StreamTopic<BenchEvent>): Part {
  return stream(
    from,
    ({ key, value }, context) => {
      const amount = Math.floor((value.amount_cents * 105) / 100);
      context.emit(to, key, { ...value, event_type: 'sale_taxed', amount_cents: amount });
    },
    { outputs: [to] },
  );
}

function counted(from: StreamTopic<BenchEvent>, to: StreamTopic<BenchResult>): Part {
  const counts: KeyedStoreDefinition<number> = { kind: 'keyed', name: 'counts', serde: numberSerde };
  return stream(
    from,
    ({ key, value }, context) => {
      const store = context.store(counts);
      const number = (store.get(key) ?? 0) + 1;
      store.put(key, number);
      const { event_id: left, event_time } = value;
      context.emit(to, key, { customer: key, left, right: '', number, event_time, until: 0 });
    },
    { stores: [counts], outputs: [to] },
  );
}

function pairOf(left: BenchEvent, right: BenchEvent): BenchResult {
  return {
    customer: left.customer,
    left: left.event_id,
    right: right.event_id,
    number: left.amount_cents + right.amount_cents,
    event_time: Math.max(left.event_time, right.event_time),
    until: 0,
  };
}

function joined(
  left: StreamTopic<BenchEvent>,
  right: StreamTopic<BenchEvent>,
  to: StreamTopic<BenchResult>,
): Part {
  return windowJoin({
    name: 'paid',
    left,
    right,
    beforeMs: windowMs,
    afterMs: windowMs,
    graceMs,
    match: (key, sale, payment, context) => context.emit(to, key, pairOf(sale.value, payment.value)),
    outputs: [to],
  });
}

function withTable(
  sales: StreamTopic<BenchEvent>,
  profiles: StreamTopic<BenchEvent>,
  to: StreamTopic<BenchResult>,
): readonly Part[] {
  const rows = table(profiles);
  const join = tableJoin({
    name: 'known',
    stream: sales,
    table: rows,
    join: ({ key, value }, profile, context) => context.emit(to, key, pairOf(value, profile)),
    outputs: [to],
  });
  return [rows, join];
}

function closedSessions(from: StreamTopic<BenchEvent>, to: StreamTopic<BenchResult>): Part {
  return sessions({
    name: 'visits',
    from,
    gapMs,
    graceMs: sessionGraceMs,
    serde: numberSerde,
    initial: 0,
    add: (count) => count + 1,
    merge: (a, b) => a + b,
    onClose: (key, { startMs, endMs, value }, context) =>
      context.emit(to, key, {
        customer: key,
        left: '',
        right: '',
        number: value,
        event_time: startMs,
        until: endMs,
      }),
    outputs: [to],
  });
}

function timed(from: StreamTopic<BenchEvent>, to: StreamTopic<BenchResult>): Part {
  const silence: TimerDefinition = {
    name: 'silence',
    onDue: ({ key, dueMs }, context) =>
      context.emit(to, key, { customer: key, left: '', right: '', number: 0, event_time: dueMs, until: 0 }),
  };
  return stream(from, ({ key, eventTimeMs }, context) => context.wakeAt(silence, key, eventTimeMs + waitMs), {
    timers: [silence],
    outputs: [to],
  });
}
