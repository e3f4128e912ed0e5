import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Highway, OutMessage } from '@zhongtai/highway';
import { compare, type ReadRecord, readLines } from './agreement.ts';
import type { ProofCatalogue } from './catalogue.ts';
import { readWithJava } from './java-reader.ts';
import { mustRun } from './run-client.ts';

const clients = join(import.meta.dirname, '../../../test/interop/clients');

export interface KafkaTarget {
  readonly brokers: readonly string[];
  /** Base address of the registry. */
  readonly registryBase: string;
  readonly highway: Highway;
  readonly catalogue: ProofCatalogue;
  readonly folder: string;
  /** Random records of each record type, written by us and again by the outside publisher. */
  readonly perRecord: number;
  readonly log: (line: string) => void;
}

export interface KafkaFigures {
  readonly topics: number;
  readonly recordTypes: number;
  readonly written: number;
  readonly writtenOutside: number;
  readonly readByKafkajs: number;
  readonly readByJava: number;
  readonly recordTypesRead: number;
  readonly outsideAsSent: number;
  /** Keys of outside records that lie where our own publisher puts the same key. */
  readonly samePartition: boolean;
  readonly differences: readonly string[];
}

interface OutsideMessage {
  readonly topic: string;
  readonly subject: string;
  readonly key: string;
  readonly value: unknown;
  readonly timestampMs: number;
}

interface Written {
  readonly ours: OutMessage[];
  readonly outside: OutsideMessage[];
}

/**
 * Random values of every record type. What goes to `highway.*` is also given to the outside publisher, under the
 * same keys. A compacted topic takes no record without a key, so a random record that names none gets one.
 */
function randomRecords({ highway, catalogue, perRecord }: KafkaTarget): Written {
  const ours: OutMessage[] = [];
  const outside: OutsideMessage[] = [];
  for (const topic of catalogue.topics) {
    for (const record of topic.records) {
      for (let n = 0; n < perRecord; n++) {
        const value: unknown = highway.codec.typeOf(record.name).random();
        const key = `${record.name}-${n}`;
        const timestampMs = Date.now();
        const bytes = highway.codec.encode(topic.name, record.name, value);
        ours.push({ topic: topic.name, key, value: bytes, timestampMs });
        if (topic.leg !== 'highway') continue;
        outside.push({
          topic: topic.name,
          subject: catalogue.subject(topic, record),
          key,
          value,
          timestampMs,
        });
      }
    }
  }
  return { ours, outside };
}

/** Our publisher and an outside one write; kafkajs and Java read everything; all must agree. */
export async function proveKafka(target: KafkaTarget): Promise<KafkaFigures> {
  const { brokers, registryBase, highway, folder, log, catalogue } = target;
  const recordTypes = catalogue.topics.flatMap(({ records }) => records).length;
  const names = catalogue.topics.map(({ name }) => name);
  await writeFile(join(folder, 'catalogue.json'), JSON.stringify(catalogue.printed));
  await highway.admin.ensureTopics(catalogue.topics);
  await highway.codec.prepare(catalogue.topics);

  const { ours, outside } = randomRecords(target);
  const publisher = highway.createPublisher();
  await publisher.start();
  const stored = await publisher.publish(ours);
  await publisher.stop();
  log(`wrote ${ours.length} records of ${recordTypes} record types`);

  const registry = `${registryBase}/apis/ccompat/v7`;
  const publishing = join(folder, 'publish.json');
  await writeFile(publishing, JSON.stringify({ brokers, registry, messages: outside }));
  await mustRun(process.execPath, [join(clients, 'kafkajs-publisher.ts'), publishing]);
  log(
    `kafkajs wrote ${outside.length} records to ${names.filter((n) => n.startsWith('highway.')).length} topics`,
  );

  const reading = join(folder, 'read.json');
  const seen = { js: join(folder, 'kafkajs.jsonl'), java: join(folder, 'java.jsonl') };
  await writeFile(reading, JSON.stringify({ brokers, registry, topics: names, out: seen.js }));
  await mustRun(process.execPath, [join(clients, 'kafkajs-reader.ts'), reading]);
  const js = await readLines(seen.js);
  log(`kafkajs read ${js.size} records`);
  await readWithJava({ brokers, registryBase, topics: names, out: seen.java }, log);
  const java = await readLines(seen.java);
  log(`java read ${java.size} records`);

  const { differences, unreadable } = compare(js, java);
  const arrived = outsideArrivals([...js.values()], outside, ours, stored);
  return {
    topics: names.length,
    recordTypes,
    written: ours.length,
    writtenOutside: outside.length,
    readByKafkajs: js.size,
    readByJava: java.size,
    recordTypesRead: new Set([...js.values()].map(({ record }) => record)).size,
    ...arrived,
    differences: unreadable === 0 ? differences : [...differences, `${unreadable} unreadable records`],
  };
}

/** The outside records as they were read again: equal to what was sent, and beside ours of the same key. */
function outsideArrivals(
  read: readonly ReadRecord[],
  outside: readonly OutsideMessage[],
  ours: readonly OutMessage[],
  stored: readonly { partition: number; offset: number }[],
): { outsideAsSent: number; samePartition: boolean } {
  const partitionOf = new Map(ours.map(({ topic, key }, n) => [`${topic} ${key}`, stored[n]?.partition]));
  const places = new Set(ours.map(({ topic }, n) => `${topic}-${stored[n]?.partition}-${stored[n]?.offset}`));
  const byKey = new Map(
    read
      .filter(({ topic, partition, offset }) => !places.has(`${topic}-${partition}-${offset}`))
      .map((record) => [`${record.topic} ${record.key}`, record]),
  );
  let outsideAsSent = 0;
  let samePartition = true;
  for (const { topic, key, value } of outside) {
    const found = byKey.get(`${topic} ${key}`);
    const sent: unknown = JSON.parse(JSON.stringify(value));
    if (found !== undefined && isDeepStrictEqual(found.value, sent)) outsideAsSent++;
    samePartition &&= found?.partition === partitionOf.get(`${topic} ${key}`);
  }
  return { outsideAsSent, samePartition };
}

/** What of the figures is not as it must be. */
export function kafkaFaults(figures: KafkaFigures): string[] {
  const all = figures.written + figures.writtenOutside;
  const wrong: [boolean, string][] = [
    [figures.written === 0, 'nothing was written'],
    [figures.readByKafkajs !== all, `kafkajs read ${figures.readByKafkajs} of ${all}`],
    [figures.readByJava !== all, `java read ${figures.readByJava} of ${all}`],
    [figures.recordTypesRead !== figures.recordTypes, 'not every record type was read'],
    [figures.outsideAsSent !== figures.writtenOutside, 'outside records differ from what was sent'],
    [!figures.samePartition, 'an outside key lies in another partition than ours'],
  ];
  return [...wrong.filter(([is]) => is).map(([, what]) => what), ...figures.differences];
}
