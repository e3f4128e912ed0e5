import { type ChildProcess, fork } from 'node:child_process';
import { FetchIsolationLevels, ListOffsetTimestamps, Admin as PlatformaticAdmin } from '@platformatic/kafka';
import type { LogReader, LogRecord, OutRecord, Place } from '@zhongtai/streams';
import kafkajs from 'kafkajs';

const run = `log-${process.pid}-${Date.now().toString(36)}`;
let names = 0;

/** A name of this run alone. */
export const newName = () => `${run}.${++names}`;

export interface OutsideKafka {
  topic(partitions?: number, config?: Readonly<Record<string, string>>): Promise<string>;
  deleteRecords(place: Place, before: number): Promise<void>;
  /** Behind the last record or marker, whoever may read it. */
  end(place: Place): Promise<number>;
  /** What the group has recorded, for anybody to read. */
  recorded(groupId: string, place: Place): Promise<number>;
  /** Waits until every transaction has its markers: they are written a moment after a commit is answered. */
  settled(reader: LogReader, place: Place): Promise<void>;
  /** A writer of transactions that is not the client under test. */
  writer(): Promise<OutsideWriter>;
  stop(): Promise<void>;
}

export interface OutsideTransaction {
  send(place: Place, values: readonly string[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface OutsideWriter {
  begin(): Promise<OutsideTransaction>;
  /** Without a transaction. */
  plain(place: Place, values: readonly (string | null)[], key?: string): Promise<void>;
}

/** kafkajs's public client: makes topics, and writes what the client under test has to read. */
export async function outsideKafka(brokers: string): Promise<OutsideKafka> {
  const kafka = new kafkajs.Kafka({
    brokers: [brokers],
    clientId: 'outside',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 10, retries: 10 },
  });
  const admin = kafka.admin();
  await admin.connect();
  const topics: string[] = [];
  const producers: kafkajs.Producer[] = [];
  // kafkajs can only ask for the end that committed readers see, which an open transaction holds back.
  const uncommitted = new PlatformaticAdmin({ clientId: 'outside', bootstrapBrokers: [brokers] });
  const endOf = async ({ topic, partition }: Place) => {
    const [found] = await uncommitted.listOffsets({
      topics: [
        { name: topic, partitions: [{ partitionIndex: partition, timestamp: ListOffsetTimestamps.LATEST }] },
      ],
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
    });
    return Number(found?.partitions[0]?.offset);
  };
  const messagesOf = (place: Place, values: readonly (string | null)[], key: string | null) => ({
    topic: place.topic,
    messages: values.map((value) => ({ partition: place.partition, key, value })),
  });
  return {
    async topic(partitions = 1, config = {}) {
      const topic = newName();
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitions, configEntries }],
      });
      topics.push(topic);
      return topic;
    },
    async deleteRecords({ topic, partition }, before) {
      // Only a topic whose offsets were asked for is known to it.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
    },
    end: endOf,
    async recorded(groupId, { topic, partition }) {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return Number(found?.partitions.find((row) => row.partition === partition)?.offset);
    },
    async settled(reader, place) {
      for (let n = 0; n < 400; n++) {
        const [bounds] = await reader.bounds([place]);
        if (bounds?.end === (await endOf(place))) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`${place.topic} has an open transaction`);
    },
    async writer() {
      const transactional = kafka.producer({ transactionalId: newName(), maxInFlightRequests: 1 });
      const ordinary = kafka.producer();
      producers.push(transactional, ordinary);
      await Promise.all([transactional.connect(), ordinary.connect()]);
      return {
        async begin() {
          const transaction = await transactional.transaction();
          return {
            send: async (place, values) =>
              void (await transaction.send({ ...messagesOf(place, values, null), acks: -1 })),
            commit: () => transaction.commit(),
            abort: () => transaction.abort(),
          };
        },
        async plain(place, values, key) {
          await ordinary.send({ ...messagesOf(place, values, key ?? null), acks: -1 });
        },
      };
    },
    async stop() {
      await Promise.allSettled(producers.map((producer) => producer.disconnect()));
      await admin.deleteTopics({ topics });
      await Promise.all([admin.disconnect(), uncommitted.close()]);
    },
  };
}

export interface ReadBack {
  readonly records: readonly LogRecord[];
  readonly values: readonly string[];
  readonly nextOffset: number;
  readonly pages: number;
}

/** Reads a partition as a restore does: from an offset until the position stands at the end. */
export async function readToEnd(
  reader: LogReader,
  place: Place,
  from = 0,
  maxBytes?: number,
): Promise<ReadBack> {
  const [bounds] = await reader.bounds([place]);
  const records: LogRecord[] = [];
  const until = Date.now() + 20_000;
  let at = from;
  let pages = 0;
  for (; at < (bounds?.end ?? 0); pages++) {
    const page = await reader.read(place, at, maxBytes);
    if (page === null) throw new Error(`offset ${at} is not in ${place.topic}/${place.partition}`);
    if (Date.now() > until) throw new Error(`stands at ${at} before the end ${bounds?.end}`);
    records.push(...page.records);
    at = page.nextOffset;
  }
  return { records, values: records.map(({ value }) => String(value)), nextOffset: at, pages };
}

export function out(place: Place, value: string | null, more: Partial<OutRecord> = {}): OutRecord {
  const bytes = value === null ? null : Buffer.from(value);
  return { ...place, key: null, value: bytes, timestampMs: Date.now(), ...more };
}

/** A script beside this one in a process of its own. */
export function startProcess(script: string, args: readonly string[]): ChildProcess {
  const env = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' };
  const path = new URL(`./${script}.ts`, import.meta.url).pathname;
  return fork(path, args, { env, stdio: 'inherit' });
}
