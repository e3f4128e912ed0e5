import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startFront, stopFront } from './front-process.ts';

describe('the ClickHouse front', () => {
  it('keeps every acknowledged row over kill -9, once', async () => {
    const place = await mkdtemp(join(tmpdir(), 'clickhouse-front-'));
    let victim = await startFront(place);
    const post = async (sql: string, query: Record<string, string> = {}) => {
      const response = await fetch(`${victim.url}/?${new URLSearchParams(query)}`, {
        method: 'POST',
        body: sql,
      });
      if (!response.ok) throw new Error(await response.text());
      return response.text();
    };
    await post(`CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY batch
      SETTINGS non_replicated_deduplication_window = 1000`);
    const insert = (batch: number) =>
      post(`INSERT INTO t SELECT ${batch}, number FROM numbers(500)`, {
        insert_deduplication_token: `b${batch}`,
      });
    let acknowledged = -1;
    const killedAfter = async (more: number, delayMs: number): Promise<void> => {
      const enough = acknowledged + more;
      for (;;) {
        const stored = await insert(acknowledged + 1).then(
          () => true,
          () => false,
        );
        if (!stored) break;
        acknowledged += 1;
        if (acknowledged === enough) setTimeout(() => victim.child.kill('SIGKILL'), delayMs);
      }
      if (victim.child.signalCode === null) await once(victim.child, 'exit');
      victim = await startFront(place);
    };
    await killedAfter(5, 3);
    // The insert whose answer was lost may be stored or not; with its token it may be sent again.
    await insert(acknowledged + 1);
    const batches = acknowledged + 2;
    expect(await post('SELECT count(), uniqExact(batch, n), max(batch) FROM t')).toBe(
      `${batches * 500}\t${batches * 500}\t${batches - 1}\n`,
    );
    await stopFront(victim);
    await rm(place, { recursive: true, force: true });
  }, 60_000);
});
