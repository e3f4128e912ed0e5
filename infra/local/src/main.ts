import { rm } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@zhongtai/runtime/errors';
import { removeCompose } from './compose.ts';
import { readEndpoints } from './endpoints.ts';
import { leftBehind } from './leftovers.ts';
import { foldersOf, type PartName } from './part.ts';
import { flavourOf, partsOf, startStack } from './stack.ts';
import type { Flavour } from './stack-contract.ts';
import { readState } from './state.ts';
import { type PartReport, reportOf, reportOfDocker, tableOf } from './status.ts';
import { stopStack } from './stop.ts';

/** The command line behind `make up`, `down`, `status` and `clean`. */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const directory = resolve(process.env['ZHONGTAI_DIRECTORY'] ?? `${root}/.local`);
const wanted = (): PartName[] => partsOf(process.env['ZHONGTAI_PARTS']);
const began = Date.now();

function say(text: string): void {
  console.log(text);
}

function flavour(): Flavour {
  return flavourOf(process.env['ZHONGTAI_STACK']);
}

function seconds(): string {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

async function up(): Promise<void> {
  const parts = wanted();
  const { endpoints } = await startStack({ directory, parts, detached: true, log: say });
  say(`\n${tableOf(Object.entries(endpoints).filter(([, address]) => address !== ''))}\n`);
  const total = (await reports(200)).reduce((sum, { residentMegabytes }) => sum + residentMegabytes, 0);
  const memory = flavour() === 'embedded' ? `, ${total} MB together` : '';
  say(`up after ${seconds()}${memory}; make status shows each, make down stops them`);
}

/** Docker keeps the processes of its flavours to itself: of those only addresses and health are known. */
function reports(watchMs?: number): Promise<PartReport[]> {
  return flavour() === 'embedded' ? reportOf(directory, watchMs) : reportOfDocker(directory);
}

async function down(): Promise<void> {
  if (flavour() === 'compose') await removeCompose(false);
  say(
    (await stopStack(directory)) || flavour() === 'compose' ? `stopped after ${seconds()}` : 'nothing runs',
  );
}

async function status(): Promise<void> {
  const found = await reports();
  if (found.length === 0) {
    nothingRuns();
    return;
  }
  const head = ['part', 'pid', 'address', 'health', 'MB', 'CPU %', 'restarts', 'log'];
  say(tableOf([head, ...found.map(rowOf)]));
  const { apiGateway } = await readEndpoints(directory);
  if (apiGateway !== undefined) say(`\nAPI gateway ${apiGateway}`);
  if (found.some(({ health }) => health !== 'ok')) process.exitCode = 1;
}

function nothingRuns(): void {
  const folders = foldersOf(directory);
  const left = leftBehind(folders, readState(folders)).map(({ name, pid }) => `${name} (pid ${pid})`);
  if (left.length === 0) say('nothing runs; make up starts the stack');
  else {
    say(`without notes of theirs there run ${left.join(', ')}; make down ends them`);
    process.exitCode = 1;
  }
}

function rowOf(report: PartReport): (string | number)[] {
  const { part, pid, address, health, residentMegabytes, cpuPercent, restarts, log } = report;
  return [part, pid, address, health, residentMegabytes, cpuPercent, restarts, relative(process.cwd(), log)];
}

async function clean(): Promise<void> {
  await stopStack(directory);
  if (flavour() === 'compose') await removeCompose(true);
  const { data, logs, run } = foldersOf(directory);
  for (const path of [data, logs, run, `${directory}/endpoints.json`]) {
    await rm(path, { recursive: true, force: true });
  }
  say(`removed the data, logs and notes in ${relative(process.cwd(), directory) || '.'}`);
}

const commands: Readonly<Record<string, () => Promise<void>>> = { up, down, status, clean };
const command = commands[process.argv[2] ?? ''];
if (command === undefined) {
  console.error(`usage: node infra/local/src/main.ts ${Object.keys(commands).join('|')}`);
  process.exitCode = 2;
} else {
  await command().catch((error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  });
}
