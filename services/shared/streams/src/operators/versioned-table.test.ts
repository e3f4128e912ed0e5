import { describe, expect, it } from '@jest/globals';
import { drive } from '../driver/index.ts';
import { topology } from '../topology/topology.ts';
import type { StreamTopic } from '../topology/types.ts';
import { jsonSerde } from './serdes.ts';
import { versionedTable } from './versioned-table.ts';
import type { Span } from './windows.ts';

interface Row {
  readonly price: number;
  readonly atMs: number;
}

const T = Date.UTC(2026, 5, 1);
const rows: StreamTopic<Row> = {
  name: 'rows',
  partitions: 'P',
  serde: jsonSerde('row'),
  eventTimeMs: ({ atMs }) => atMs,
};

function kept(changes: readonly (readonly [ms: number, price: number | null])[], versions = 100) {
  const parts = [versionedTable(rows, { historyMs: 100, versions })];
  const driver = drive(topology('history', { order: 'arrival', parts }), { nowMs: T });
  for (const [ms, price] of changes) {
    driver.pipe(rows, 'tea', price === null ? null : { price, atMs: T + ms }, T + ms);
  }
  const spans = driver.store<readonly Span<Row | null>[]>('rows').get('tea');
  return spans?.map(({ startMs, value }) => [startMs - T, value?.price ?? null]);
}

describe('a versioned table', () => {
  it('keeps the versions of its history and the one that was valid when it began', () => {
    expect(
      kept([
        [0, 1],
        [50, 2],
        [120, 3],
        [170, 4],
      ]),
    ).toEqual([
      [50, 2],
      [120, 3],
      [170, 4],
    ]);
  });

  it('keeps what is valid now, however old', () => {
    expect(kept([[0, 1]])).toEqual([[0, 1]]);
  });

  it('takes a version in whose time has passed already, and a newer one of the same time', () => {
    expect(
      kept([
        [50, 2],
        [20, 1],
        [50, 3],
      ]),
    ).toEqual([
      [20, 1],
      [50, 3],
    ]);
  });

  it('is bounded by number too, the oldest go first', () => {
    expect(
      kept(
        [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
        2,
      ),
    ).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  it('forgets a key of which only deletions are left', () => {
    expect(
      kept([
        [0, 1],
        [10, null],
      ]),
    ).toEqual([
      [0, 1],
      [10, null],
    ]);
    expect(
      kept([
        [0, 1],
        [10, null],
        [200, null],
      ]),
    ).toBeUndefined();
  });
});
