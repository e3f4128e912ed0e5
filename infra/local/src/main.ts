import { rm } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@zhongtai/runtime/errors';
import { removeCompose } from './compose.ts';
import { readEndpoints } from './endpoints.ts';
import { foldersOf, partNames } from './part.ts';
import { flavourOf, startStack } from './stack.ts';
import type { Flavour } from './stack-contract.ts';
import { type PartReport, reportOf, tableOf } from './status.ts';
import { stopStack } from './stop.ts';

/** The command line behind `make up`, `down`, `status` and `clean`. */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const directory = resolve(process.env['ZHONGTAI_DIRECTORY'] ?? `${root}/.local`);
const wanted = process.env['ZHONGTAI_PARTS']?.split(',');
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
  const parts = partNames.filter((name) => wanted?.includes(name) ?? true);
  const { endpoints } = await startStack({ directory, parts, detached: true, log: say });
  say(`\n${tableOf(Object.entries(endpoints).filter(([, address]) => address !== ''))}\n`);
  const reports = await reportOf(directory, 200);
  const total = reports.reduce((sum, { residentMegabytes }) => sum + residentMegabytes, 0);
  say(`up after ${seconds()}, ${total} MB together; make status shows each, make down stops them`);
}

async function down(): Promise<void> {
  if (flavour() === 'compose') await removeCompose(false);
  say(
    (await stopStack(directory)) || flavour() === 'compose' ? `stopped after ${seconds()}` : 'nothing runs',
  );
}

async function status(): Promise<void> {
  const reports = await reportOf(directory);
  if (reports.length === 0) return say('nothing runs; make up starts the stack');
  const head = ['part', 'pid', 'address', 'health', 'MB', 'CPU %', 'restarts', 'log'];
  say(tableOf([head, ...reports.map(rowOf)]));
  const { apiGateway } = await readEndpoints(directory);
  if (apiGateway !== undefined) say(`\nAPI gateway ${apiGateway}`);
  if (reports.some(({ health }) => health !== 'ok')) process.exitCode = 1;
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
