import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@zhongtai/runtime';
import type { BrokerNode, KafkajsCluster, WireExchange } from '../kafkajs-types.ts';
import { writeRecordBatch } from '../record-batch-writer.ts';
import { KafkaLogReader } from './log-reader.ts';

const topic = 'log';
const place = (partition: number) => ({ topic, partition });
const identity = { producerId: 1n, producerEpoch: 0, firstSequence: 0 };

interface Answer {
  readonly errorCode?: number;
  readonly recordSet?: Buffer;
}

/** A broker that answers each fetch of a partition with the next of its answers. */
function setUp(answers: readonly (readonly (Answer | Error)[])[]) {
  const left = answers.map((some) => [...some]);
  const fetches: number[][] = [];
  const log: string[] = [];
  const answerOf = (partition: number) => {
    const answer = left[partition]?.shift() ?? {};
    if (answer instanceof Error) throw answer;
    const { errorCode = 0, recordSet = Buffer.alloc(0) } = answer;
    return { ...place(partition), errorCode, highWatermark: 1, lastStableOffset: 1, aborted: [], recordSet };
  };
  const connectionPool: BrokerNode['connectionPool'] = {
    async send<T>({ request, response }: WireExchange<T>) {
      const asked = partitionsIn((await request.encode()).buffer);
      fetches.push(asked);
      // As `parse` gives back what it is given: the answer as if it had been decoded.
      const decoded: unknown = { clientSideThrottleTime: 0, errorCode: 0, partitions: asked.map(answerOf) };
      return await response.parse(decoded as T);
    },
  };
  const cluster: Partial<KafkajsCluster> = {
    isConnected: () => true,
    addMultipleTargetTopics: async () => undefined,
    refreshMetadata: async () => void log.push('asked for leaders'),
    findTopicPartitionMetadata: () =>
      answers.map((_, partition) => ({ partitionId: partition, leader: partition < 3 ? 1 : 2 })),
    findBroker: async () => ({ connectionPool, disconnect: async () => undefined }) as BrokerNode,
    disconnect: async () => undefined,
  };
  const options = { brokers: [], clientId: 'test', logger: createLogger({ name: 'test', level: 'silent' }) };
  return { reader: new KafkaLogReader(options, () => cluster as KafkajsCluster), fetches, log };
}

/** The partitions that a fetch of one topic asks for, each of 24 bytes. */
function partitionsIn(body: Buffer): number[] {
  let at = body.indexOf(topic) + topic.length;
  const count = body.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, (_, n) => body.readInt32BE(at + n * 28));
}

async function batchOf(value: string): Promise<Buffer> {
  const record = { key: null, value: Buffer.from(value), headers: [], timestampMs: 1 };
  return await writeRecordBatch([record], identity, 64);
}

const closed = () => Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });

describe('the log reader', () => {
  it('asks in one request for what is asked of it in one breath, once a partition and broker by broker', async () => {
    const recordSet = await batchOf('v');
    const { reader, fetches } = setUp([[{ recordSet }, { recordSet }], [{}], [{ recordSet }], [{}]]);
    const pages = await Promise.all([0, 1, 2, 3, 0].map((partition) => reader.read(place(partition), 0)));
    expect(fetches.map((asked) => asked.join()).sort()).toEqual(['0', '0,1,2', '3']);
    expect(pages.map((page) => page?.nextOffset)).toEqual([1, 0, 1, 0, 1]);
  });

  it('asks again for bytes that were hurt on their way, and not for others', async () => {
    const recordSet = await batchOf('v');
    const hurt = Buffer.from(recordSet);
    hurt[hurt.length - 1] = (hurt.at(-1) ?? 0) ^ 1;
    const { reader, fetches } = setUp([[{ recordSet: hurt }, { recordSet }], [{ recordSet }]]);
    const [mended] = await Promise.all([reader.read(place(0), 0), reader.read(place(1), 0)]);
    expect(mended?.records.map(({ value }) => String(value))).toEqual(['v']);
    expect(fetches).toEqual([[0, 1], [0]]);
  });

  it('finds the leader again when it has moved or the connection is lost', async () => {
    const recordSet = await batchOf('v');
    const { reader, log } = setUp([[{ errorCode: 6 }, closed(), { recordSet }]]);
    expect((await reader.read(place(0), 0))?.nextOffset).toBe(1);
    expect(log).toEqual(['asked for leaders', 'asked for leaders']);
  });

  it('answers null for an offset out of range, and fails at once where nothing can come right', async () => {
    const { reader } = setUp([[{ errorCode: 1 }], [{ errorCode: 29 }]]);
    const refused = expect(reader.read(place(1), 5)).rejects.toMatchObject({
      code: 'ZT-HIGHWAY-DENIED',
      details: { ...place(1), offset: 5 },
    });
    expect(await reader.read(place(0), 5)).toBeNull();
    await refused;
  });

  it('reads nothing more once it is closed', async () => {
    const { reader } = setUp([[{}]]);
    await reader.close();
    await expect(reader.read(place(0), 0)).rejects.toMatchObject({ code: 'ZT-HIGHWAY-STOPPED' });
  });
});
