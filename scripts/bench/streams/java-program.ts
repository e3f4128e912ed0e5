import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { withLock } from '@zhongtai/local';
import { mustRun } from '../../prove/interop/run-client.ts';

const source = join(import.meta.dirname, 'java');
const target = join(source, 'target');
const lockLimitMs = 10 * 60_000;

/** The class path of the program with Kafka Streams, fetched by Maven and compiled when its sources are newer. */
export async function kafkaStreamsClassPath(log: (line: string) => void): Promise<string> {
  const lib = join(target, 'lib');
  const classes = join(target, 'classes');
  const stamp = join(target, 'built');
  const sources = readdirSync(source).filter((name) => name.endsWith('.java'));
  const newest = Math.max(...['pom.xml', ...sources].map((name) => statSync(join(source, name)).mtimeMs));
  const isBuilt = (): boolean => existsSync(stamp) && statSync(stamp).mtimeMs >= newest;
  if (!isBuilt()) {
    await mkdir(target, { recursive: true });
    await withLock(stamp, lockLimitMs, async () => {
      if (isBuilt()) return;
      log('fetching Kafka Streams from Maven Central and compiling the program that runs it');
      await mustRun('mvn', ['-q', '-B', '-f', join(source, 'pom.xml'), 'generate-resources']);
      const jars = (await readdir(lib))
        .filter((name) => name.endsWith('.jar'))
        .map((name) => join(lib, name));
      const compiler = jars.find((path) => /\/ecj-[^/]+\.jar$/.test(path));
      if (compiler === undefined) throw new Error('Maven did not fetch the compiler that the pom names');
      const options = ['-17', '-proc:none', '-cp', jars.join(delimiter), '-d', classes];
      const files = sources.map((name) => join(source, name));
      await mustRun('java', ['-jar', compiler, ...options, ...files]);
      await writeFile(stamp, '');
    });
  }
  return [classes, join(lib, '*')].join(delimiter);
}

export interface Multiset {
  readonly records: number;
  readonly sum: string;
}

/** The committed records of a topic as Kafka's own consumer sees them, without those of the ticks. */
export async function multisetOf(classPath: string, brokers: string, topic: string): Promise<Multiset> {
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=off';
  const args = [
    '-Xmx256m',
    quiet,
    '-cp',
    classPath,
    'Bench',
    'case=digest',
    `brokers=${brokers}`,
    `out=${topic}`,
  ];
  const [records, sum] = (await mustRun('java', args)).trim().split(' ');
  return { records: Number(records), sum: sum ?? '' };
}
