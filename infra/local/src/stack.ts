import { resolve } from 'node:path';
import { startInDocker } from './docker-stack.ts';
import { startEmbedded } from './embedded-stack.ts';
import { localError } from './errors.ts';
import { type PartName, partNames } from './part.ts';
import {
  type Flavour,
  flavours,
  type SettledOptions,
  type Stack,
  type StackOptions,
} from './stack-contract.ts';

/** Starts what is wanted, or joins what already runs in this directory. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const settled = settle(options);
  return settled.flavour === 'embedded' ? startEmbedded(settled) : startInDocker(settled);
}

function settle(options: StackOptions): SettledOptions {
  return {
    directory: resolve(options.directory),
    parts: partNames.filter((name) => options.parts?.includes(name) ?? true),
    flavour: options.flavour ?? flavourOf(process.env['ZHONGTAI_STACK']),
    ports: options.ports ?? 'default',
    log: options.log ?? (() => {}),
    detached: options.detached ?? false,
  };
}

/** Reads ZHONGTAI_STACK. */
export function flavourOf(value: string | undefined): Flavour {
  if (value === undefined || value === '') return 'embedded';
  const found = flavours.find((flavour) => flavour === value);
  if (found !== undefined) return found;
  const message = `ZHONGTAI_STACK is "${value}"; it may be ${flavours.join(', ')}`;
  throw localError('ZT-LOCAL-FLAVOUR', message);
}

/** Reads ZHONGTAI_PARTS: names with commas between them; all parts when nothing is said. */
export function partsOf(value: string | undefined): PartName[] {
  if (value === undefined || value === '') return [...partNames];
  const asked = value.split(',').map((name) => name.trim());
  const unknown = asked.filter((name) => !partNames.some((part) => part === name));
  if (unknown.length === 0) return partNames.filter((name) => asked.includes(name));
  const message = `ZHONGTAI_PARTS names ${unknown.join(', ')}; there are ${partNames.join(', ')}`;
  throw localError('ZT-LOCAL-PARTS', message);
}
