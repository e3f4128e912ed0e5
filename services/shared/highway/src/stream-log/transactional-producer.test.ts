import { describe, expect, it } from '@jest/globals';
import type { WireExchange } from '../kafkajs-types.ts';
import { readRecordSet } from '../record-batch-reader.ts';
import { KafkaTransactionalProducer, type ProducerLink } from './transactional-producer.ts';
import type { OutRecord } from './types.ts';

const place = { topic: 't', partition: 0 };
const record = (partition = 0, value = 'v'): OutRecord => ({
  topic: 't',
  partition,
  key: null,
  value: Buffer.from(value),
  timestampMs: 1_700_000_000_000,
});

type Step = number | 'lost';

/** What the brokers answer, one after the other; when a list is used up, all is well. */
interface Script {
  readonly fence?: Step[];
  readonly produce?: Step[];
  readonly end?: Step[];
  /** The partition that the codes of `produce` are about; the others take what they are sent. */
  readonly ofPartition?: number;
}

interface Asked {
  readonly what: string;
  readonly body: Buffer;
}

class FakeLink implements ProducerLink {
  readonly asked: Asked[] = [];
  renewed = 0;
  closed = false;
  now = 0;
  readonly #script: Script;
  #epoch = 4;

  constructor(script: Script) {
    this.#script = script;
  }

  async ask<T>(what: string, request: WireExchange<T>): Promise<T> {
    const { buffer: body } = await request.request.encode();
    this.asked.push({ what, body });
    const steps = what === 'fencing' ? this.#script.fence : this.#script.end;
    const errorCode = this.#next(steps);
    if (errorCode === 0) this.#epoch++;
    return await request.response.parse(
      JSON.parse(JSON.stringify({ errorCode, producerEpoch: this.#epoch }), (name, value) =>
        name === '' ? { ...value, producerId: 77n } : value,
      ),
    );
  }

  async send<T>(_node: number, request: WireExchange<T>): Promise<T> {
    const { buffer: body } = await request.request.encode();
    this.asked.push({ what: 'producing', body });
    const code = this.#next(this.#script.produce);
    const partitions = batchesIn(body).map(({ partition }) => ({
      topic: 't',
      partition,
      errorCode: partition === (this.#script.ofPartition ?? 0) ? code : 0,
      baseOffset: 100,
      reason: '',
    }));
    return await request.response.parse(JSON.parse(JSON.stringify({ partitions })));
  }

  async leaderOf(): Promise<number> {
    return 1;
  }

  async renew(): Promise<void> {
    this.renewed++;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  get steps(): string[] {
    return this.asked.map(({ what }) => what);
  }

  /** Every answer takes a while by the producer's clock. */
  #next(steps: Step[] | undefined): number {
    this.now += 1_000;
    const step = steps?.shift() ?? 0;
    if (step === 'lost') throw Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
    return step;
  }
}

/** The record batches of a produce request, found by what every batch has at its beginning. */
function batchesIn(body: Buffer): { partition: number; batch: Buffer }[] {
  const found: { partition: number; batch: Buffer }[] = [];
  for (let at = 0; at + 61 < body.length; at++) {
    const size = 12 + body.readInt32BE(at + 8);
    if (body.readBigInt64BE(at) !== 0n || body.readInt32BE(at + 12) !== -1 || body[at + 16] !== 2) continue;
    const lengthBytes = size + 1 > 0x3fff ? 3 : size + 1 > 0x7f ? 2 : 1;
    const partition = body.readInt32BE(at - lengthBytes - 4);
    found.push({ partition, batch: body.subarray(at, at + size) });
    at += size - 1;
  }
  return found;
}

async function setUp(script: Script) {
  const link = new FakeLink(script);
  const producer = new KafkaTransactionalProducer('app.0', link, () => link.now);
  if (script.fence === undefined) await producer.fence();
  return { link, producer };
}

describe('taking an id over', () => {
  it.each([
    ['the former transaction is being ended', [51, 51, 51]],
    ['the coordinator is loading or has moved', [14, 15, 16]],
    ['the connection is lost', ['lost', 'lost']],
  ] as [string, Step[]][])('asks again while %s', async (_when, fence) => {
    const { link, producer } = await setUp({ fence });
    const attempts = fence.length + 1;
    await producer.fence();
    expect(link.steps).toEqual(Array.from({ length: attempts }, () => 'fencing'));
  });

  it.each([
    ['has no right to the id', 53, 'ZT-HIGHWAY-DENIED'],
    ['asks for something that the broker does not allow', 50, 'ZT-HIGHWAY-UNEXPECTED'],
  ])('fails for good when it %s', async (_why, code, expected) => {
    const { producer } = await setUp({ fence: [code] });
    await expect(producer.fence()).rejects.toMatchObject({ code: expected, failure: 'fatal' });
  });

  it('is retryable when nobody answers in time', async () => {
    const { producer } = await setUp({ fence: Array.from({ length: 500 }, () => 51) });
    await expect(producer.fence()).rejects.toMatchObject({ code: 'ZT-HIGHWAY-AWAY', failure: 'retryable' });
  });
});

describe('a transaction', () => {
  it('is sent and committed, each with the epoch that the former gave, in sequences from nought', async () => {
    const { link, producer } = await setUp({});
    expect(await producer.commit([record(), record(), record(1)])).toEqual(
      new Map([
        ['t/0', 102],
        ['t/1', 101],
      ]),
    );
    await producer.commit([record()]);
    expect(link.steps).toEqual(['fencing', 'producing', 'committing', 'producing', 'committing']);
    const sent = link.asked.filter(({ what }) => what === 'producing').flatMap(({ body }) => batchesIn(body));
    expect(
      sent.map(({ batch }) => [batch.readBigInt64BE(43), batch.readInt16BE(51), batch.readInt32BE(53)]),
    ).toEqual([
      [77n, 5, 0],
      [77n, 5, 0],
      [77n, 6, 0],
    ]);
    expect(sent.every(({ batch }) => (batch.readInt16BE(21) & 0x10) !== 0)).toBe(true);
  });

  it('goes in several batches when it is large, one request after another, in sequence', async () => {
    const { link, producer } = await setUp({});
    await producer.commit(Array.from({ length: 50 }, () => record(0, 'x'.repeat(40_000))));
    const sent = link.asked.flatMap(({ body }) => batchesIn(body));
    expect(sent.map(({ batch }) => batch.readInt32BE(53))).toEqual([0, 22, 44]);
    expect(sent.map(({ batch }) => readRecordSet(batch, 0, []).records.length)).toEqual([22, 22, 6]);
  });

  it.each([
    ['the leader has moved', [6, 6]],
    ['replicas are missing', [19]],
    ['the coordinator is not ready', [51, 15]],
    ['the topic is not known yet', [3]],
    ['the answer is lost', ['lost']],
  ] as [string, Step[]][])('is sent again with the same bytes while %s', async (_when, produce) => {
    const attempts = produce.length + 1;
    const { link, producer } = await setUp({ produce });
    await producer.commit([record()]);
    const sent = link.asked.filter(({ what }) => what === 'producing');
    expect(sent).toHaveLength(attempts);
    expect(new Set(sent.map(({ body }) => body.toString('hex'))).size).toBe(1);
  });

  it('is sent again only where it was not taken', async () => {
    const { link, producer } = await setUp({ produce: [6], ofPartition: 1 });
    await producer.commit([record(0), record(1)]);
    const sent = link.asked.filter(({ what }) => what === 'producing').map(({ body }) => batchesIn(body));
    expect(sent.map((batches) => batches.map(({ partition }) => partition))).toEqual([[0, 1], [1]]);
  });

  it.each([
    ['sending', 'produce', 47],
    ['sending', 'produce', 90],
    ['sending', 'produce', 49],
    ['committing', 'end', 47],
    ['committing', 'end', 90],
    ['committing', 'end', 49],
  ] as const)('is fenced while %s (%s answers %i), and nothing more is asked', async (_when, where, code) => {
    const { link, producer } = await setUp({ [where]: [code] });
    await expect(producer.commit([record()])).rejects.toMatchObject({ fenced: true });
    const asked = link.asked.length;
    await expect(producer.commit([record()])).rejects.toMatchObject({ fenced: true });
    await producer.close();
    expect(link.asked).toHaveLength(asked);
    expect(link.steps).not.toContain('aborting');
    expect(link.closed).toBe(true);
  });

  it.each([
    [45, 'ZT-HIGHWAY-TRANSACTION-LOST', 'retryable'],
    [46, 'ZT-HIGHWAY-TRANSACTION-LOST', 'retryable'],
    [48, 'ZT-HIGHWAY-TRANSACTION-LOST', 'retryable'],
    [59, 'ZT-HIGHWAY-TRANSACTION-LOST', 'retryable'],
    [120, 'ZT-HIGHWAY-TRANSACTION-LOST', 'retryable'],
    [10, 'ZT-HIGHWAY-TOO-LARGE', 'bad_record'],
    [18, 'ZT-HIGHWAY-TOO-LARGE', 'bad_record'],
    [87, 'ZT-HIGHWAY-REFUSED', 'bad_record'],
    [29, 'ZT-HIGHWAY-DENIED', 'fatal'],
  ])('is aborted when a leader answers %i', async (code, expected, failure) => {
    const { link, producer } = await setUp({ produce: [code] });
    const error = { code: expected, failure, fenced: false };
    await expect(producer.commit([record()])).rejects.toMatchObject(error);
    await producer.close();
    expect(link.steps).toEqual(['fencing', 'producing', 'aborting']);
    await expect(producer.commit([record()])).rejects.toMatchObject(error);
  });

  it('of two faults tells the one that cannot pass', async () => {
    const { producer } = await setUp({ produce: [10], ofPartition: 1 });
    await expect(producer.commit([record(0), record(1)])).rejects.toMatchObject({ failure: 'bad_record' });
  });

  it('is committed again when the answer was lost or the coordinator was busy', async () => {
    const { link, producer } = await setUp({ end: ['lost', 51, 16] });
    expect(await producer.commit([record()])).toEqual(new Map([['t/0', 101]]));
    expect(link.steps.filter((step) => step === 'committing')).toHaveLength(4);
  });

  it.each([
    ['answers', Array.from({ length: 100 }, () => 'lost' as const)],
    ['knows the transaction', [48]],
  ])('has an unknown outcome when the coordinator no longer %s', async (_what, end) => {
    const { link, producer } = await setUp({ end });
    await expect(producer.commit([record()])).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-TRANSACTION-UNKNOWN',
      failure: 'retryable',
      fenced: false,
    });
    await producer.close();
    expect(link.steps).not.toContain('aborting');
  });

  it('is given up before the coordinator would do so', async () => {
    const { link, producer } = await setUp({ produce: Array.from({ length: 100 }, () => 6) });
    await expect(producer.commit([record()])).rejects.toMatchObject({ failure: 'retryable' });
    expect(link.now).toBeLessThanOrEqual(10_000);
    await producer.close();
  }, 30_000);

  it('is refused before the id is taken over, while another is under way, and after close', async () => {
    const { producer } = await setUp({ fence: [] });
    await expect(producer.commit([record()])).rejects.toMatchObject({ code: 'ZT-HIGHWAY-STOPPED' });
    await producer.fence();
    const first = producer.commit([record()]);
    await expect(producer.commit([record()])).rejects.toMatchObject({ code: 'ZT-HIGHWAY-STOPPED' });
    await first;
    await producer.close();
    await expect(producer.commit([{ ...record(), ...place }])).rejects.toMatchObject({
      failure: 'retryable',
    });
  });
});
