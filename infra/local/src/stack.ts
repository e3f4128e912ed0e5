import { resolve } from 'node:path';
import { ZhongtaiError } from '@zhongtai/runtime/errors';
import { startInDocker } from './docker-stack.ts';
import { startEmbedded } from './embedded-stack.ts';
import { partNames } from './part.ts';
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
  throw new ZhongtaiError('ZT-LOCAL-FLAVOUR', 'fatal', message);
}
