import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { localError } from './errors.ts';

const oldestJava = 17;
const oldestNode = 24;

/** Runs `command` and returns what it said (on either stream); undefined when there is no such command. */
export type Ask = (command: string, args: readonly string[]) => string | undefined;

const ask: Ask = (command, args) => {
  try {
    return execFileSync('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', command, ...args], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
};

/** The java to run, 17 or newer; its absence is told with the command that ends it. */
export function findJava(environment: NodeJS.ProcessEnv = process.env, say: Ask = ask): string {
  const home = environment['JAVA_HOME'];
  const candidates = home === undefined || home === '' ? ['java'] : [`${home}/bin/java`, 'java'];
  let newest: number | undefined;
  for (const candidate of candidates) {
    const version = javaVersion(say(candidate, ['-version']));
    if (version !== undefined && version >= oldestJava) return candidate;
    newest ??= version;
  }
  const found = newest === undefined ? 'there is none' : `this is ${newest}`;
  throw localError(
    'ZT-LOCAL-JAVA',
    `Java ${oldestJava} or newer is needed, ${found}. ${installation('openjdk-17-jre-headless', 'openjdk@17')}`,
  );
}

/** Maven, asked for only when something has to be fetched. */
export function findMaven(say: Ask = ask): string {
  if (say('mvn', ['-v'])?.includes('Apache Maven') === true) return 'mvn';
  throw localError(
    'ZT-LOCAL-MAVEN',
    `Maven is needed to fetch Kafka and the registry, there is none. ${installation('maven', 'maven')}`,
  );
}

/** The major number in the answer to `java -version`: 17 of "17.0.15", 8 of "1.8.0_392". */
export function javaVersion(answer: string | undefined): number | undefined {
  const [, major, minor] = /version "(\d+)(?:\.(\d+))?/.exec(answer ?? '') ?? [];
  if (major === undefined) return undefined;
  return major === '1' ? Number(minor) : Number(major);
}

function installation(aptPackage: string, brewFormula: string): string {
  return process.platform === 'darwin'
    ? `Install it with: brew install ${brewFormula}`
    : `Install it with: sudo apt-get install -y ${aptPackage}`;
}

/** A Node that runs TypeScript as it is: this one, or the one that the repository pins. */
export function findNode(): string {
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath;
  const name = `node-${process.platform}-${process.arch}/package.json`;
  const pinned = fileURLToPath(new URL('bin/node', `file://${createRequire(import.meta.url).resolve(name)}`));
  if (existsSync(pinned)) return pinned;
  throw localError('ZT-LOCAL-NODE', `Node ${oldestNode} is needed: run npm install`);
}
