import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEndpoints } from './endpoints.ts';
import { checkPart } from './health.ts';
import { checkHttp } from './http-check.ts';
import { foldersOf, partNames } from './part.ts';
import { birthOf, usageOf } from './processes.ts';
import { isSupervised, type PartState, readState } from './state.ts';

/** One process of the stack as `make status` shows it. */
export interface PartReport {
  readonly part: string;
  readonly pid: number;
  readonly address: string;
  readonly health: string;
  readonly residentMegabytes: number;
  /** Share of one core over the time that was watched. */
  readonly cpuPercent: number;
  readonly restarts: number;
  readonly log: string;
}

const megabyte = 1024 * 1024;

/** Looks at the stack of a directory for `watchMs`; empty when none runs there. */
export async function reportOf(directory: string, watchMs = 1_000): Promise<PartReport[]> {
  const folders = foldersOf(resolve(directory));
  const state = readState(folders);
  if (state === undefined || !isSupervised(state)) return [];
  const supervisor: PartState = {
    name: 'supervisor',
    address: '',
    port: 0,
    log: `${folders.logs}/supervisor.log`,
    phase: 'up',
    pid: state.pid,
    birth: state.birth,
    restarts: 0,
  };
  const all = [...state.parts, supervisor];
  // The supervisor's children are in the list themselves.
  const use = ({ name, pid }: PartState) => usageOf(pid, name === supervisor.name ? 'without' : 'with');
  const before = all.map((part) => use(part).cpuSeconds);
  await sleep(watchMs);
  return Promise.all(
    all.map(async (part, index) => {
      const { residentBytes, cpuSeconds } = use(part);
      return {
        part: part.name,
        pid: part.pid,
        address: part.address,
        health: await healthOf(part),
        residentMegabytes: Math.round(residentBytes / megabyte),
        cpuPercent: Number((((cpuSeconds - (before[index] ?? 0)) / watchMs) * 100_000).toFixed(1)),
        restarts: part.restarts,
        log: part.log,
      };
    }),
  );
}

/** The same for a stack in Docker, by its addresses; memory and restarts are Docker's to tell. */
export async function reportOfDocker(directory: string): Promise<PartReport[]> {
  const endpoints = await readEndpoints(directory);
  const found = partNames.flatMap((part) => {
    const address = endpoints[part];
    return address === undefined
      ? []
      : [{ part, address, port: Number(/:(\d+)(?:\/|$)/.exec(address)?.[1]) }];
  });
  return Promise.all(
    found.map(async ({ part, address, port }) => ({
      part,
      pid: 0,
      address,
      health: await wordOf(checkPart(part, port)),
      residentMegabytes: 0,
      cpuPercent: 0,
      restarts: 0,
      log: `docker compose logs ${part}`,
    })),
  );
}

function wordOf(check: Promise<void>): Promise<string> {
  return check.then(
    () => 'ok',
    () => 'no answer',
  );
}

async function healthOf(part: PartState): Promise<string> {
  if (birthOf(part.pid) !== part.birth) return 'gone';
  if (part.phase !== 'up') return part.phase;
  return wordOf(part.port > 0 ? checkPart(part.name, part.port) : checkAddress(part.address));
}

async function checkAddress(address: string): Promise<void> {
  if (address !== '') await checkHttp(address, () => true);
}

/** Columns as wide as their widest cell; numbers to the right. */
export function tableOf(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  );
  const cell = (value: string | number, width: number): string =>
    typeof value === 'number' ? String(value).padStart(width) : value.padEnd(width);
  return rows
    .map((row) =>
      row
        .map((value, column) => cell(value, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
