import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { mustRun } from './run-client.ts';

const source = join(import.meta.dirname, '../../../test/interop/java');
const target = join(source, 'target');

/**
 * Fetches the reader's libraries with Maven and compiles its one class with Eclipse's compiler, which is among them:
 * a Java runtime without a compiler is enough. Done again only when the sources are newer.
 */
async function build(log: (line: string) => void): Promise<string> {
  const lib = join(target, 'lib');
  const classes = join(target, 'classes');
  const stamp = join(target, 'built');
  const newest = Math.max(...['pom.xml', 'Reader.java'].map((name) => statSync(join(source, name)).mtimeMs));
  if (!existsSync(stamp) || statSync(stamp).mtimeMs < newest) {
    log('java reader: fetching its libraries and compiling it');
    await mustRun('mvn', ['-q', '-B', '-f', join(source, 'pom.xml'), 'generate-resources']);
    const jars = (await readdir(lib)).filter((name) => name.endsWith('.jar')).map((name) => join(lib, name));
    const compiler = jars.find((path) => /\/ecj-[^/]+\.jar$/.test(path));
    if (compiler === undefined) throw new Error('Maven did not fetch the compiler that the pom names');
    await mkdir(classes, { recursive: true });
    const classpath = jars.join(delimiter);
    const options = ['-17', '-proc:none', '-cp', classpath, '-d', classes];
    await mustRun('java', ['-jar', compiler, ...options, join(source, 'Reader.java')]);
    await writeFile(stamp, '');
  }
  return [classes, join(lib, '*')].join(delimiter);
}

/** Lets the Java reader read the topics to their present end. Returns how many records it wrote to `out`. */
export async function readWithJava(
  job: { brokers: readonly string[]; registryBase: string; topics: readonly string[]; out: string },
  log: (line: string) => void,
): Promise<number> {
  const classpath = await build(log);
  const list = `${job.out}.topics`;
  await writeFile(list, job.topics.join('\n'));
  const args = [
    '-Xmx256m',
    '-cp',
    classpath,
    'Reader',
    job.brokers.join(','),
    job.registryBase,
    list,
    job.out,
  ];
  return Number((await mustRun('java', args)).trim().split('\n').at(-1));
}
