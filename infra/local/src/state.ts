import { existsSync, readFileSync } from 'node:fs';
import { writeAtomically } from './files.ts';
import type { StackFolders } from './part.ts';
import { birthOf } from './processes.ts';

/** `failed`: it did not come up the first time. Once it has, it is started again for ever. */
export type PartPhase = 'waiting' | 'starting' | 'up' | 'failed' | 'stopped';

/** What the supervisor knows of one part. */
export interface PartState {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly log: string;
  readonly phase: PartPhase;
  readonly pid: number;
  /** Together with `pid` names one process for ever; see `birthOf`. */
  readonly birth: string;
  readonly restarts: number;
}

/** The supervisor's own notes, for whoever asks after the stack and for the next supervisor. */
export interface StackState {
  readonly pid: number;
  readonly birth: string;
  readonly parts: readonly PartState[];
}

function fileOf(folders: StackFolders): string {
  return `${folders.run}/stack.json`;
}

export async function writeState(folders: StackFolders, state: StackState): Promise<void> {
  await writeAtomically(fileOf(folders), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * The notes of the last supervisor of this directory, whether or not it still lives. Broken ones are as good as
 * none: its processes are known by their mark as well.
 */
export function readState(folders: StackFolders): StackState | undefined {
  const path = fileOf(folders);
  if (!existsSync(path)) return undefined;
  try {
    return parseState(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whether the supervisor who wrote these notes still runs. */
export function isSupervised(state: StackState): boolean {
  return birthOf(state.pid) === state.birth;
}

/** Notes of another version are as good as none. */
export function parseState(value: unknown): StackState | undefined {
  const fields = fieldsOf(value);
  const parts = fields.get('parts');
  if (typeof fields.get('pid') !== 'number' || !Array.isArray(parts)) return undefined;
  return {
    pid: Number(fields.get('pid')),
    birth: String(fields.get('birth')),
    parts: parts.flatMap((part: unknown) => parsePart(fieldsOf(part))),
  };
}

function parsePart(fields: Map<string, unknown>): PartState[] {
  const name = String(fields.get('name'));
  const phase = phases.find((each) => each === fields.get('phase'));
  if (phase === undefined) return [];
  return [
    {
      name,
      phase,
      address: String(fields.get('address')),
      port: Number(fields.get('port')),
      log: String(fields.get('log')),
      pid: Number(fields.get('pid')),
      birth: String(fields.get('birth')),
      restarts: Number(fields.get('restarts')),
    },
  ];
}

const phases: readonly PartPhase[] = ['waiting', 'starting', 'up', 'failed', 'stopped'];

function fieldsOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
