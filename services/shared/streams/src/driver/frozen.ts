import type { Context, KeyedStore, TimerContext, WindowStore } from '../context.ts';
import type { Application, Input, InputRecord, Part, TimerDefinition } from '../topology/types.ts';

/**
 * The same application, with every value that a handler sees or stores frozen to the bottom: one that changes a
 * value which the engine's cache shares throws here, and does not first give odd results in production.
 */
export function frozenApplication({ name, topologies }: Application): Application {
  const timers = new Map<TimerDefinition, TimerDefinition>();
  return {
    name,
    topologies: topologies.map((each) => ({
      ...each,
      parts: each.parts.map((part) => frozenPart(part, timers)),
    })),
  };
}

function frozenPart(part: Part, known: Map<TimerDefinition, TimerDefinition>): Part {
  const inputs = part.inputs?.map((input): Input => {
    return {
      ...input,
      handle: (record, context) => input.handle(frozenRecord(record), frozenContext(context)),
    };
  });
  const timers = part.timers?.map((timer) => {
    const frozen = known.get(timer) ?? frozenTimer(timer);
    known.set(timer, frozen);
    return frozen;
  });
  return { ...part, ...(inputs && { inputs }), ...(timers && { timers }) };
}

function frozenTimer(timer: TimerDefinition): TimerDefinition {
  return { ...timer, onDue: (due, context) => timer.onDue(due, frozenTimerContext(context)) };
}

function frozenRecord<T>(record: InputRecord<T>): InputRecord<T> {
  const { topic, partition, offset, ingestTimeMs, headers, bytes } = record;
  return {
    ...{ topic, partition, offset, ingestTimeMs, headers, bytes },
    // Read when asked for, as in production: what cannot be decoded fails the handler that asks.
    get key() {
      return record.key;
    },
    get value() {
      return deepFreeze(record.value);
    },
    get eventTimeMs() {
      return record.eventTimeMs;
    },
  };
}

function frozenContext(context: Context): Context {
  return {
    ...frozenTimerContext(context),
    get streamTimeMs() {
      return context.streamTimeMs;
    },
    deadLetter: (...args) => context.deadLetter(...args),
    late: (latenessMs) => context.late(latenessMs),
  };
}

function frozenTimerContext(context: TimerContext): TimerContext {
  return {
    partition: context.partition,
    get streamTimeMs() {
      return context.streamTimeMs;
    },
    store: (definition) => frozenKeyed(context.store(definition)),
    window: (definition) => frozenWindow(context.window(definition)),
    global: (definition) => ({ get: (key) => deepFreeze(context.global(definition).get(key)) }),
    emit: (...args) => context.emit(...args),
    emitTombstone: (...args) => context.emitTombstone(...args),
    emitBytes: (...args) => context.emitBytes(...args),
    wakeAt: (...args) => context.wakeAt(...args),
    cancel: (...args) => context.cancel(...args),
    drop: (reason) => context.drop(reason),
  };
}

function frozenKeyed<V>(store: KeyedStore<V>): KeyedStore<V> {
  return {
    get: (key) => deepFreeze(store.get(key)),
    put: (key, value) => store.put(key, deepFreeze(value)),
    delete: (key) => store.delete(key),
    *range(from, to) {
      for (const [key, value] of store.range(from, to)) yield [key, deepFreeze(value)];
    },
  };
}

function frozenWindow<V>(store: WindowStore<V>): WindowStore<V> {
  return {
    get: (...args) => deepFreeze(store.get(...args)),
    put: (key, timeMs, value, ...sequence) => store.put(key, timeMs, deepFreeze(value), ...sequence),
    delete: (...args) => store.delete(...args),
    *fetch(...args) {
      for (const entry of store.fetch(...args)) yield { ...entry, value: deepFreeze(entry.value) };
    },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // Bytes cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
