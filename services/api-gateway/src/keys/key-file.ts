import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@zhongtai/runtime';
import { gatewayFault } from '../errors.ts';
import { createKeyRing, type KeyFile, type KeyRing, keyFileSchema } from './keys.ts';

function isAbsence(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

/** Reads the file of hashed keys. A file that is not there holds no keys. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  return text === undefined ? { keys: [] } : parseKeyFile(path, text);
}

function parseKeyFile(path: string, text: string): KeyFile {
  try {
    return keyFileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw gatewayFault('ZT-GATEWAY-KEY-FILE', `${path} is no file of keys: ${messageOf(error)}`);
  }
}

export interface KeyFileWatch {
  readonly ring: KeyRing;
  /** Keys in force. */
  readonly count: number;
  start(): Promise<void>;
  stop(): void;
}

export interface KeyFileOptions {
  readonly path: string;
  /** How often the file is looked at. Polling sees a file that is replaced, mounted or on a network disk. */
  readonly everyMs: number;
  readonly onReload: (count: number) => void;
  /** The file became unreadable, or went away: the keys read before stay in force. Told once for each cause. */
  readonly onError: (error: unknown) => void;
}

/** What tells one state of a file from another; undefined while there is none. */
async function stateOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  return found && `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

/**
 * The keys of a file, read again whenever the file changes, without a restart. A start without a file waits for it;
 * but a file that goes away later (replaced in two steps, a mount that drops out) revokes nobody.
 */
export function watchKeyFile(options: KeyFileOptions): KeyFileWatch {
  const { path } = options;
  let current: KeyRing = () => undefined;
  let seen: string | undefined;
  let count = 0;
  let complaint = '';
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function load(): Promise<void> {
    const state = await stateOf(path);
    if (state === seen) return;
    if (state === undefined) throw gatewayFault('ZT-GATEWAY-KEY-FILE', `${path} is gone`);
    const file = parseKeyFile(path, await readFile(path, 'utf8'));
    current = createKeyRing(file);
    count = file.keys.length;
    seen = state;
    options.onReload(count);
  }

  async function look(): Promise<void> {
    try {
      await load();
      complaint = '';
    } catch (error) {
      if (messageOf(error) !== complaint) options.onError(error);
      complaint = messageOf(error);
    }
    if (!stopped) timer = setTimeout(look, options.everyMs).unref();
  }

  return {
    ring: (clearKey) => current(clearKey),
    get count() {
      return count;
    },
    async start() {
      await load();
      timer = setTimeout(look, options.everyMs).unref();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
