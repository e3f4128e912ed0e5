/**
 * What the stream engine's local store does on this machine: `node scripts/bench/streams-store.ts [millions of ids] [case]`.
 * Prints one line of JSON for each measurement: operations per second of wall time, microseconds of CPU for each.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbState } from '../../services/shared/streams/src/store/lmdb-state.ts';
import type {
  KeyedChange,
  LocalState,
  WindowChange,
} from '../../services/shared/streams/src/store/local-state.ts';

const hourMs = 3_600_000;
const batch = 1000;

function measure(name: string, operations: number, work: () => void): void {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMicros = (user + system) / operations;
  print({ name, operations, perSecond: Math.round(operations / seconds), cpuMicros: round(cpuMicros) });
}

function print(line: object): void {
  console.log(JSON.stringify(line));
}

const round = (value: number): number => Math.round(value * 100) / 100;

function apply(
  state: LocalState,
  keyed: readonly KeyedChange[],
  windows: readonly WindowChange[] = [],
): void {
  const from = state.mark?.sequence ?? 0;
  const mark = { sequence: from + 1, changelogs: { 'orders.changelog': from }, atEndMs: from };
  state.apply({ from, mark, keyed, windows });
}

function* batches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

function withState(work: (state: LocalState, directory: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-store-'));
  const state = openLmdbState(directory);
  try {
    work(state, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
  return state.close();
}

/** Whole numbers in an order that looks random, each once. */
const scattered = (index: number): number => Math.imul(index, 2654435761) >>> 0;
const keyOf = (index: number): string => `customer-${scattered(index)}`;
const orderedKey = (index: number): string => `customer-${1_000_000 + index}`;

function benchKeyed(state: LocalState): void {
  const count = 200_000;
  const value = Buffer.alloc(200, 7);
  const entries = Array.from({ length: count }, (_, index): [string, Buffer] => [keyOf(index), value]);
  const store = state.keyed('totals');
  for (const name of ['apply 1000 x 200 B, new keys', 'apply 1000 x 200 B, known keys']) {
    measure(name, count, () => {
      for (const some of batches(entries, batch)) apply(state, [{ store: 'totals', entries: some }]);
    });
  }
  measure('get', count, () => {
    for (const [key] of entries) store.get(key);
  });
  measure('get of a missing key', count, () => {
    for (const [key] of entries) store.get(`${key}-`);
  });
  measure('range over all', count, () => {
    for (const _ of store.range());
  });
  measure('range of one key', count, () => {
    for (const [key] of entries) for (const _ of store.range(key, `${key} `));
  });
  measure('read, add, write', count, () => {
    for (const some of batches(entries, batch)) {
      apply(state, [
        { store: 'totals', entries: some.map(([key]) => [key, Buffer.from(store.get(key) ?? '')]) },
      ]);
    }
  });
}

/** Two values for each key and minute over two hours, as a join keeps them. */
function benchWindow(state: LocalState): void {
  const count = 200_000;
  const value = Buffer.alloc(190, 7);
  const keys = 50_000;
  const entryOf = (index: number) => {
    const timeMs = Math.floor((index / count) * 2 * hourMs);
    return { key: `order-${scattered(index % keys)}`, timeMs, sequence: index, value };
  };
  const entries = Array.from({ length: count }, (_, index) => entryOf(index));
  measure('apply 1000 x 190 B to a window store', count, () => {
    for (const some of batches(entries, batch)) {
      apply(state, [], [{ store: 'left', segmentMs: hourMs, entries: some }]);
    }
  });
  const store = state.window('left');
  const fetches = (name: string, spanMs: number, missing = ''): void =>
    measure(name, count, () => {
      for (const { key, timeMs } of entries) {
        for (const _ of store.fetch(key + missing, timeMs - spanMs, timeMs + spanMs));
      }
    });
  fetches('fetch of a key in 10 minutes: one entry', 300_000);
  fetches('fetch of a key in 2 hours: four entries', 2 * hourMs);
  fetches('fetch of a missing key in 10 minutes', 300_000, '-');
}

function benchRestore(state: LocalState, name: string, keyAt: (index: number) => string): void {
  const count = 500_000;
  const value = Buffer.alloc(100, 7);
  const entries = Array.from({ length: count }, (_, index): [string, Buffer] => [keyAt(index), value]);
  measure(name, count, () => {
    for (const page of batches(entries, 10_000)) {
      for (const some of batches(page, batch)) apply(state, [{ store: 'totals', entries: some }]);
    }
  });
}

/**
 * Ids of events, to find repeats: each is looked for in three hours, then kept. They are the 16 bytes of a UUID as
 * 22 characters of base64url: random ones, or such as begin with their time (40 in a millisecond).
 */
function benchIds(state: LocalState, directory: string, order: 'random' | 'by time', millions: number): void {
  const count = millions * 1_000_000;
  const hours = 10;
  const value = Buffer.alloc(16, 7);
  const id = Buffer.alloc(16);
  let random = 1;
  const nextRandom = (): number => {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return random;
  };
  const idOf = (index: number): string => {
    for (let at = 0; at < 16; at += 4) id.writeInt32BE(nextRandom(), at);
    if (order === 'by time') id.writeUIntBE(1_760_000_000_000 + Math.floor(index / 40), 0, 6);
    return id.toString('base64url');
  };
  const seen = state.window('seen');
  measure(`ids ${order}: three lookups and a put`, count, () => {
    for (let at = 0; at < count; at += batch) {
      const timeMs = Math.floor(at / (count / hours)) * hourMs;
      const entries = Array.from({ length: batch }, (_, index) => {
        const key = idOf(at + index);
        for (let hour = 0; hour < 3; hour += 1) seen.get(key, timeMs - hour * hourMs, 0);
        return { key, timeMs, sequence: 0, value };
      });
      apply(state, [], [{ store: 'seen', segmentMs: hourMs, entries }]);
    }
  });
  const fileBytes = statSync(join(directory, 'data.mdb')).blocks * 512;
  const { bytes } = state.size();
  print({
    name: `ids ${order}: bytes each`,
    inFile: round(fileBytes / count),
    inPages: round(bytes / count),
  });
  measure(`ids ${order}: dropping an hour of ${count / hours}`, 1, () => {
    apply(state, [], [{ store: 'seen', segmentMs: hourMs, entries: [], dropBeforeMs: hourMs }]);
  });
}

const millions = Number(process.argv[2] ?? 1);
const cases: readonly (readonly [name: string, run: (state: LocalState, directory: string) => void])[] = [
  ['keyed', benchKeyed],
  ['window', benchWindow],
  ['restore', (state) => benchRestore(state, 'restore, pages of 10 k, random keys', keyOf)],
  ['restore', (state) => benchRestore(state, 'restore, pages of 10 k, ordered keys', orderedKey)],
  ['ids', (state, directory) => benchIds(state, directory, 'random', millions)],
  ['ids', (state, directory) => benchIds(state, directory, 'by time', millions)],
];
const chosen = process.argv[3];
for (const [name, run] of cases) if (chosen === undefined || chosen === name) await withState(run);
print({ name: 'memory', rssMb: Math.round(process.memoryUsage().rss / 1e6) });
