import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Publisher } from '@zhongtai/highway';
import { topics } from '@zhongtai/schemas';
import { batchesOf, logFile, withChecksum } from './log-file.ts';
import { eventually, groupId, openStage, type SinkStage } from './sink-fixture.ts';

let stage: SinkStage;
let publisher: Publisher;
let sent = 0;

beforeAll(async () => {
  stage = await openStage();
  publisher = stage.highway.createPublisher();
  await publisher.start();
  // It makes its topics and tables by itself.
  await stage.startSink();
  await eventually('the sink is ready', async () => (await stage.reasons()).length === 0);
}, 90_000);

afterAll(async () => {
  await publisher.stop();
  await stage.close();
}, 60_000);

interface Counted {
  readonly rows: number;
  readonly places: number;
  readonly events: number;
}

async function count(table: string): Promise<Counted> {
  const [row] = await stage.warehouse.query<Counted>(
    `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(kafka_partition, kafka_offset)) AS places,
      toUInt32(uniqExact(event_id)) AS events FROM ${table}`,
  );
  return row ?? { rows: 0, places: 0, events: 0 };
}

/** Publishes both kinds, a quarter of them sales: a number of records, or as long as `goesOn`. */
async function load(records: number, goesOn: () => boolean = () => false, pauseMs = 20): Promise<void> {
  const perRound = 500;
  for (let done = 0; done < records || goesOn(); done += perRound) {
    const now = Date.now();
    const from = sent;
    sent += perRound;
    await publisher.publish(
      Array.from({ length: perRound }, (_, i) =>
        i % 4 === 0 ? stage.records.sale(from + i, now) : stage.records.message(from + i, now),
      ),
    );
    await sleep(pauseMs);
  }
}

async function rowsIn(): Promise<number> {
  return (await count('highway.message_sent')).rows;
}

async function everythingIn(): Promise<boolean> {
  const [sales, messages] = await Promise.all([count('highway.pos_sale'), count('highway.message_sent')]);
  return sales.places + messages.places >= sent;
}

async function expectEachOnce(): Promise<void> {
  await eventually('all records are in the warehouse', everythingIn, 45_000);
  const sales = await count('highway.pos_sale');
  const messages = await count('highway.message_sent');
  expect(sales).toEqual({ rows: sent / 4, places: sent / 4, events: sent / 4 });
  expect(messages).toEqual({ rows: (sent * 3) / 4, places: (sent * 3) / 4, events: (sent * 3) / 4 });
}

describe('warehouse sink on real parts', () => {
  it('has each record exactly once, though sink and ClickHouse are killed -9 while rows go in', async () => {
    let killed = false;
    const loading = load(1000, () => !killed, 60);
    await eventually('rows come in', async () => (await rowsIn()) > 0);
    await sleep(Math.random() * 300);
    await stage.endSink('SIGKILL');
    await stage.startSink();
    const before = await rowsIn();
    await eventually('rows come in again', async () => (await rowsIn()) > before);
    await stage.stack.kill('clickhouse', 'SIGKILL');
    await load(2000);
    killed = true;
    await loading;
    await stage.stack.healthy('clickhouse');
    await expectEachOnce();
  }, 90_000);

  it('stores what the event says: lines, amounts and the anchor', async () => {
    const rows = await stage.warehouse.query(
      `SELECT order_id, anchor = identities.id_value[1] AS anchored, length(lines.qty) AS n,
        arraySum(lines.net_price_cents) = net_cents AS adds_up, toString(ingest_time) = toString(event_time) AS timed
      FROM highway.pos_sale WHERE order_id = 'bench-4'`,
    );
    expect(rows).toEqual([{ order_id: 'bench-4', anchored: 1, n: 6, adds_up: 1, timed: 1 }]);
    const [views] = await stage.warehouse.query<{ same: number }>(
      `SELECT (SELECT sum(net_amount) FROM mart.fact_order_line) = (SELECT sum(net_cents) / 100 FROM highway.pos_sale) AS same`,
    );
    expect(views?.same).toBe(1);
  }, 30_000);

  it('sets aside what is not a record of the contract and goes on', async () => {
    const poison = [Buffer.from('not avro'), Buffer.from([0, 127, 0, 0, 1, 2, 3]), Buffer.alloc(0), null];
    const good = stage.records.message(sent, Date.now());
    const truncated = good.value?.subarray(0, good.value.length - 3) ?? null;
    const stored = await publisher.publish(
      [...poison, truncated].map((value) => ({ ...good, value, timestampMs: Date.now() })),
    );
    await load(1000);
    await expectEachOnce();
    await eventually('five dead letters', async () => {
      const ends = await stage.highway.admin.endOffsets('dead-letter');
      return ends.reduce((sum, { end }) => sum + end, 0) >= 5;
    });
    const letters = await deadLetters(5);
    expect(letters.map(({ key }) => key).toSorted()).toEqual(
      stored.map(({ partition, offset }) => `highway.marketing-${partition}-${offset}`).toSorted(),
    );
    expect(new Set(letters.map(({ code }) => code))).toEqual(
      new Set(['ZT-SINK-NOT-AVRO', 'ZT-SINK-UNKNOWN-SCHEMA', 'ZT-SINK-EMPTY', 'ZT-WAREHOUSE-MALFORMED']),
    );
  }, 60_000);

  it('shows people each event once: every kind of message, and the copy that came first', async () => {
    const kinds = ['delivered', 'opened', 'clicked', 'bounced', 'unsubscribed'] as const;
    const now = Date.now();
    const all = kinds.map((kind, i) => stage.records.reaction(`message_${kind}`, 10_000_000 + i, now, 100));
    await publisher.publish(all);
    // A repeat that came later with an earlier time and another content.
    await publisher.publish([stage.records.reaction('message_opened', 10_000_001, now - 60_000, 900)]);
    const shown = (): Promise<unknown[]> =>
      stage.warehouse.query(
        `SELECT event_type AS kind, toFloat64(cost_amount) AS cost FROM mart.fact_message
         WHERE message_id LIKE 'bench-1000000%' AND event_type != 'message_sent' ORDER BY event_id`,
      );
    await eventually('both copies are in', async () => (await count('highway.message_opened')).rows === 2);
    await eventually('all are in', async () => (await shown()).length === kinds.length);
    const expected = kinds.map((kind) => ({ kind: `message_${kind}`, cost: 1 }));
    for (let reading = 0; reading < 3; reading++) expect(await shown()).toEqual(expected);
  }, 60_000);

  it('inserts again what an operator asks for by setting the offset back', async () => {
    await eventually('the offsets are committed', async () => (await lag()) === 0);
    expect(await stage.endSink('SIGTERM')).toBe(0);
    const before = await count('highway.message_sent');
    await setOffset('highway.marketing', 0);
    const [again] = await stage.warehouse.query<{ n: number }>(
      'SELECT toUInt32(count()) AS n FROM highway.message_sent WHERE kafka_partition = 0',
    );
    await spoilBatch('highway.social');
    await stage.startSink();
    await eventually('the rows are in again', async () => {
      const now = await count('highway.message_sent');
      return now.rows >= before.rows + (again?.n ?? 0);
    });
    await eventually('the offsets are committed', async () => (await lag()) === 0);
    const after = await count('highway.message_sent');
    expect(after).toEqual({ ...before, rows: before.rows + (again?.n ?? 0) });
  }, 60_000);

  it('goes on with all other partitions where a batch cannot be read or a table has a wrong type', async () => {
    const unreadable = 'highway.social/0 waits: ZT-HIGHWAY-UNREADABLE';
    await eventually('one partition stands still', async () => (await stage.reasons()).includes(unreadable));
    await stage.warehouse.command('DROP TABLE highway.message_bounced SYNC');
    await stage.warehouse.command(
      'CREATE TABLE highway.message_bounced (event_id Int32) ENGINE = MergeTree ORDER BY event_id',
    );
    await publisher.publish([stage.records.reaction('message_bounced', 20_000_000, Date.now())]);
    const blocked = () => stage.metric('zhongtai_sink_blocked_partitions');
    await eventually('two partitions stand still', async () => (await blocked()) === 2);

    const sales = await count('highway.pos_sale');
    const now = Date.now();
    await publisher.publish(Array.from({ length: 500 }, (_, i) => stage.records.sale(sent + i, now)));
    await eventually(
      'sales come in',
      async () => (await count('highway.pos_sale')).rows === sales.rows + 500,
    );
    expect([await blocked(), await stage.metric('zhongtai_sink_given_up_total')]).toEqual([2, 0]);

    await stage.warehouse.command('DROP TABLE highway.message_bounced SYNC');
    await eventually('the table is made', async () => (await count('highway.message_bounced')).rows === 1);
    await eventually('one partition stands still', async () => (await blocked()) === 1);
    expect(await stage.reasons()).toEqual([unreadable]);
  }, 60_000);
});

/** As an operator does while nobody is in the group: an offset for partition 0, without a mark of the sink. */
async function setOffset(name: string, offset: number): Promise<void> {
  const place = { topic: name, partition: 0 };
  let done = false;
  const owner = stage.highway.ownPartitions({
    groupId,
    topics: Object.values(topics).filter((topic) => topic.name === name),
    async onAssigned({ generation }) {
      await owner.commit(generation, [{ ...place, offset, metadata: '' }]);
      done = true;
    },
    onRevoked: async () => undefined,
    onBatch: async () => undefined,
  });
  await owner.start();
  await eventually('the offset is set', async () => done);
  await owner.stop();
}

/** Three batches in partition 0 of a topic, the second by a codec that nobody knows. */
async function spoilBatch(topic: string): Promise<void> {
  const send = (key: string) =>
    publisher.publish([{ topic, key, value: Buffer.from('x'), timestampMs: Date.now() }]);
  let key = 0;
  while ((await send(`${key}`))[0]?.partition !== 0) key += 1;
  for (let more = 0; more < 2; more++) await send(`${key}`);
  const log = await logFile(stage.directory, topic);
  const [, second] = batchesOf(await log.bytes());
  if (second === undefined) throw new Error('the log has no second batch');
  const spoilt = Buffer.from(second.bytes);
  spoilt.writeInt16BE(6, 21);
  const file = await open(log.path, 'r+');
  await file.write(withChecksum(spoilt), 0, spoilt.length, second.at);
  await file.close();
}

async function lag(): Promise<number> {
  const lags = await Promise.all(
    stage.records.topics.map((topic) => stage.highway.admin.lag(groupId, topic.name)),
  );
  return lags.reduce((sum, each) => sum + each, 0);
}

interface Letter {
  readonly key: string | null;
  readonly code: string;
}

async function deadLetters(expected: number): Promise<Letter[]> {
  const topic = topics['dead-letter'];
  if (topic === undefined) throw new Error('the catalogue has no dead-letter topic');
  const letters: Letter[] = [];
  const subscription = stage.highway.subscribe<{ code: string }>({
    groupId: 'sink-test-letters',
    topics: [topic],
    fromBeginning: true,
    async onBatch(records) {
      for (const { key, event } of records) letters.push({ key, code: event?.code ?? '' });
    },
  });
  await subscription.start();
  await eventually('the dead letters are read', async () => letters.length >= expected);
  await subscription.stop();
  return letters;
}
