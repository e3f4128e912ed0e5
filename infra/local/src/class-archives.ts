import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { messageOf } from '@zhongtai/runtime/errors';
import { withLock } from './files.ts';
import type { Jars } from './jars.ts';
import { kafkaPart } from './kafka.ts';
import { foldersOf, type Part } from './part.ts';
import { choosePorts } from './ports.ts';
import { registryPart } from './registry.ts';
import { Runner } from './runner.ts';

const lockLimitMs = 5 * 60_000;
const dumpLimitMs = 120_000;
const digestLength = 8;

export interface ArchiveOptions {
  readonly java: string;
  readonly jars: Jars;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Options for Java that shorten the start of a part; none when there is no archive. */
export interface StartOptions {
  readonly kafka: readonly string[];
  readonly registry: readonly string[];
}

/**
 * Java spends more than half of a start on reading and checking classes, the same ones each time. Kafka and the
 * registry are therefore started once for practice, and Java writes down what it loaded: starts after that take
 * half of the processor time. An archive is of use to one version of Java and one set of jars only. It is a
 * convenience: what cannot be made is done without.
 */
export async function provideClassArchives(options: ArchiveOptions): Promise<StartOptions> {
  const { java, jars, log } = options;
  const version = execFileSync('/bin/sh', ['-c', 'exec "$0" -version 2>&1', java]);
  const digest = createHash('sha256').update(version).digest('hex').slice(0, digestLength);
  const folder = `${jars.folder}/archives-${digest}`;
  if (!existsSync(folder)) {
    await withLock(folder, lockLimitMs, async () => {
      if (existsSync(folder)) return;
      log('practising the start of Kafka and the registry (once)');
      await practise(options, `${folder}.draft`).catch((error: unknown) => {
        log(`no class archives, starts stay slow: ${messageOf(error)}`);
      });
      // Renamed even when it is empty: what failed once is not tried at every start.
      if (!options.signal.aborted) await rename(`${folder}.draft`, folder);
    });
  }
  const use = (name: string): string[] => {
    const path = `${folder}/${name}.jsa`;
    return existsSync(path)
      ? [`-XX:SharedArchiveFile=${path}`, '-Xlog:disable', '-Xlog:all=error:stderr']
      : [];
  };
  return { kafka: use('kafka'), registry: use('registry') };
}

async function practise({ java, jars, signal }: ArchiveOptions, draft: string): Promise<void> {
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const directory = await mkdtemp(`${tmpdir()}/zhongtai-practice-`);
  const folders = foldersOf(directory);
  const ports = await choosePorts({ kafka: 'free', controller: 'free', registry: 'free' });
  const port = (name: string): number => ports.get(name) ?? 0;
  const write = (name: string): string[] => [
    `-XX:ArchiveClassesAtExit=${draft}/${name}.jsa`,
    '-Xlog:disable',
  ];
  const kafka = kafkaPart({
    folders,
    java,
    jars: jars.kafka,
    port: port('kafka'),
    controllerPort: port('controller'),
    javaOptions: write('kafka'),
  });
  const registry = registryPart({
    folders,
    java,
    home: jars.registry,
    port: port('registry'),
    kafka: kafka.address,
    javaOptions: write('registry'),
  });
  const runners = [kafka, registry].map((part) => practiceRunner(part, folders.logs, signal));
  const end = async (): Promise<void> => {
    for (const runner of runners.toReversed()) await runner.stop();
  };
  const abort = (): void => void end();
  signal.addEventListener('abort', abort);
  try {
    for (const runner of runners) if (!signal.aborted) await runner.start();
  } finally {
    signal.removeEventListener('abort', abort);
    await end();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The archive is written at the end of the process, which takes its time; unless everything shall end now. */
function practiceRunner(part: Part, logs: string, signal: AbortSignal): Runner {
  const patient = {
    ...part,
    get stopGraceMs() {
      return signal.aborted ? 0 : dumpLimitMs;
    },
  };
  // Its addresses are gone a moment later: not a word about them.
  return new Runner(patient, `${logs}/${part.name}.log`, { changed: () => {}, log: () => {} });
}
