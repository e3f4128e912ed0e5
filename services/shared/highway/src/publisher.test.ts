import { describe, expect, it } from '@jest/globals';
import { createLogger, createMetrics } from '@zhongtai/runtime';
import { createHighwayMetrics } from './metrics.ts';
import type { Batch, PartitionQueue } from './partition-queue.ts';
import type { PublisherLink } from './producer-link.ts';
import { KafkaPublisher } from './publisher.ts';
import { readRecordSet } from './record-batch-reader.ts';

const outOfOrder = 45;
const invalidRecord = 87;
type Mood = 'answers' | 'loses the answer' | 'loses the request';

/** A broker of one partition with Kafka's rule: a known sequence is not stored again, a gap is refused. */
function createBroker(moods: Mood[]) {
  const log: string[] = [];
  const requests: number[] = [];
  const next = new Map<bigint, number>();
  let producers = 0n;
  let identity = { producerId: ++producers, producerEpoch: 0 };
  const append = (bytes: Buffer): number => {
    const producerId = bytes.readBigInt64BE(43);
    const sequence = bytes.readInt32BE(53);
    const expected = next.get(producerId) ?? 0;
    if (sequence < expected) return 0;
    if (sequence > expected) return outOfOrder;
    const { records } = readRecordSet(bytes, 0, []);
    requests.push(records.length);
    if (records.some(({ value }) => String(value).startsWith('refused'))) return invalidRecord;
    next.set(producerId, sequence + records.length);
    for (const { value } of records) log.push(String(value));
    return 0;
  };
  const link: PublisherLink = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    partitionsOf: async () => [{ partitionId: 0, leader: 1 }],
    refreshLeaders: async () => undefined,
    identityFor: async (queue: PartitionQueue) => {
      if (queue.spent === identity) identity = { producerId: ++producers, producerEpoch: 0 };
      return identity;
    },
    produce: async (_node: number, batches: readonly Batch[]) => {
      const mood = moods.shift() ?? 'answers';
      for (const batch of batches) batch.attempts++;
      const codes = batches.map(({ encoded }) =>
        mood === 'loses the request' || encoded === null ? 0 : append(encoded),
      );
      if (mood !== 'answers')
        throw Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
      const partitions = codes.map((errorCode) => ({ partition: 0, errorCode, baseOffset: '0' }));
      return { topics: [{ topicName: 't', partitions }], clientSideThrottleTime: 0 };
    },
  };
  return { log, requests, link, forget: () => next.clear(), skip: () => next.set(identity.producerId, 99) };
}

async function publisherOn(link: PublisherLink, timeoutMs = 2_000) {
  const parts = {
    brokers: [],
    clientId: 'test',
    logger: createLogger({ name: 'test', level: 'silent' }),
    metrics: createHighwayMetrics(createMetrics()),
    clock: Date.now,
  };
  const publisher = new KafkaPublisher(parts, { timeoutMs }, link);
  await publisher.start();
  return publisher;
}

const message = (value: string) => ({ topic: 't', key: 'k', value: Buffer.from(value), timestampMs: 1 });

describe('publisher', () => {
  it('stores a batch once although its answer was lost, and keeps the order', async () => {
    const { log, link } = createBroker(['answers', 'loses the answer', 'loses the answer', 'answers']);
    const publisher = await publisherOn(link);
    await publisher.publish([message('1')]);
    await Promise.all([publisher.publish([message('2'), message('3')]), publisher.publish([message('4')])]);
    await publisher.publish([message('5')]);
    await publisher.stop();
    expect(log).toEqual(['1', '2', '3', '4', '5']);
  });

  it('never lets a new batch pass for one of unknown fate: the sequence is not used again', async () => {
    const moods = Array<Mood>(200).fill('loses the answer');
    const { log, link } = createBroker(moods);
    const publisher = await publisherOn(link, 300);
    await expect(publisher.publish([message('lost answer')])).rejects.toMatchObject({ failure: 'retryable' });
    moods.length = 0;
    await publisher.publish([message('next')]).catch(() => publisher.publish([message('next, again')]));
    await publisher.stop();
    expect(log[0]).toBe('lost answer');
    expect(log.at(-1)).toMatch(/^next/);
    expect(publisher.bytesInFlight).toBe(0);
  });

  it('goes on under a new producer id when the broker refuses the sequence at once', async () => {
    const { log, link, forget } = createBroker([]);
    const publisher = await publisherOn(link);
    await publisher.publish([message('1')]);
    forget();
    await publisher.publish([message('2')]);
    await publisher.stop();
    expect(log).toEqual(['1', '2']);
  });

  it('refuses what comes after stop, and sends what came before', async () => {
    const { log, link } = createBroker(['loses the request', 'answers']);
    const publisher = await publisherOn(link);
    const sent = publisher.publish([message('1')]);
    const stopped = publisher.stop();
    await expect(publisher.publish([message('2')])).rejects.toMatchObject({ code: 'ZT-HIGHWAY-STOPPED' });
    await Promise.all([sent, stopped]);
    expect(log).toEqual(['1']);
  });

  it('rejects only the record that the broker refuses: its neighbours in the batch are stored, in order', async () => {
    const { log, requests, link } = createBroker([]);
    const publisher = await publisherOn(link);
    const values = Array.from({ length: 100 }, (_, n) => (n === 37 ? 'refused' : String(n)));
    const outcomes = await Promise.allSettled(values.map((value) => publisher.publish([message(value)])));
    await publisher.publish([message('next')]);
    await publisher.stop();
    const refused = values.filter((_, n) => outcomes[n]?.status === 'rejected');
    expect(refused).toEqual(['refused']);
    expect(outcomes[37]).toMatchObject({ reason: { code: 'ZT-HIGHWAY-REFUSED', failure: 'bad_record' } });
    expect(log).toEqual([...values.filter((value) => value !== 'refused'), 'next']);
    expect(requests.length).toBeLessThan(20);
    expect(publisher.bytesInFlight).toBe(0);
  });

  it('rejects a publish to a topic without partitions instead of losing it in silence', async () => {
    const { link } = createBroker([]);
    const publisher = await publisherOn({ ...link, partitionsOf: async () => [] });
    await expect(publisher.publish([message('1')])).rejects.toMatchObject({ code: 'ZT-HIGHWAY-UNEXPECTED' });
    expect(publisher.bytesInFlight).toBe(0);
    await publisher.stop();
  });
});
