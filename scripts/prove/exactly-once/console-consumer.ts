import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A record as Kafka's own console consumer prints it. */
export interface PrintedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly headers: string;
  readonly key: string;
  readonly value: string;
}

export interface ConsoleOptions {
  /** Of Kafka's tools. */
  readonly classPath: string;
  readonly broker: string;
  readonly topic: string;
  readonly onRecord: (record: PrintedRecord) => void;
}

/** How long the consumer waits for another record before it takes the topic as read. */
const quietMs = 12_000;
const line = /^Partition:(\d+)\tOffset:(\d+)\t([^\t]*)\t([^\t]*)\t(.*)$/;

/**
 * Reads a whole topic with Kafka's own console consumer, committed records only: another client than ours on the
 * reading side, so that a fault of ours cannot hide itself.
 */
export async function readCommitted(options: ConsoleOptions): Promise<number> {
  const { classPath, broker, topic, onRecord } = options;
  const printed = ['partition', 'offset', 'headers', 'key', 'value'].flatMap((what) => [
    '--formatter-property',
    `print.${what}=true`,
  ]);
  const child = spawn(
    'java',
    [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      // It reports its time-out, by which it ends, as an error among the records.
      '-Dorg.apache.logging.log4j.level=OFF',
      '-cp',
      classPath,
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      '--bootstrap-server',
      broker,
      '--topic',
      topic,
      '--from-beginning',
      '--isolation-level',
      'read_committed',
      '--timeout-ms',
      String(quietMs),
      ...printed,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  let count = 0;
  for await (const text of createInterface({ input: child.stdout })) {
    const match = line.exec(text);
    if (match === null)
      throw new Error(`the console consumer printed what cannot be read: ${text.slice(0, 200)}`);
    const [, partition = '', offset = '', headers = '', key = '', value = ''] = match;
    onRecord({ partition: Number(partition), offset: Number(offset), headers, key, value });
    count++;
  }
  await ended(child, topic, complaints);
  return count;
}

/** It ends with a time-out by design; its last line says how many records it has processed. */
async function ended(child: ChildProcess, topic: string, complaints: readonly string[]): Promise<void> {
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  const said = complaints.join('');
  if (!said.includes('Processed a total of')) throw new Error(`reading ${topic} failed: ${said.slice(-500)}`);
}
