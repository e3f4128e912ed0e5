import { execFile } from 'node:child_process';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { provideJars } from '@zhongtai/local';

const run = promisify(execFile);
/** The newest that Maven Central has of this jar: it is not published for each patch of the broker. */
const toolsVersion = '4.2.0';
const defaultCache = fileURLToPath(new URL('../node_modules/.cache/zhongtai', import.meta.url));

/**
 * The class path of Kafka's own command-line tools. They are not part of the stack: their one jar is fetched on the
 * first run and kept.
 */
export async function kafkaTools(log: (line: string) => void): Promise<string> {
  const { kafka } = await provideJars(log);
  return `${await toolsJar(process.env['ZHONGTAI_CACHE'] ?? defaultCache)}:${kafka}/*`;
}

/** The tools' jar in a folder, fetched when it is not there. */
async function toolsJar(folder: string): Promise<string> {
  const name = `kafka-tools-${toolsVersion}.jar`;
  const jar = `${folder}/${name}`;
  if ((await stat(jar).catch(() => undefined)) !== undefined) return jar;
  const draft = `${folder}/draft-${process.pid}`;
  await mkdir(draft, { recursive: true });
  await run('mvn', [
    '-q',
    '-B',
    'org.apache.maven.plugins:maven-dependency-plugin:2.10:copy',
    `-Dartifact=org.apache.kafka:kafka-tools:${toolsVersion}`,
    `-DoutputDirectory=${draft}`,
  ]);
  await rename(`${draft}/${name}`, jar);
  await rm(draft, { recursive: true });
  return jar;
}
