import { readFile } from 'node:fs/promises';
import { messageOf, ZhongtaiError } from '@zhongtai/runtime';
import { createKeyRing, type KeyFile, type KeyRing, keyFileSchema } from './keys.ts';

/** Reads the file of hashed keys. A file that is not there holds no keys. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') {
      return { keys: [] };
    }
    throw error;
  }
  try {
    return keyFileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ZhongtaiError(
      'ZT-GATEWAY-KEY-FILE',
      'fatal',
      `${path} is no file of keys: ${messageOf(error)}`,
    );
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
  /** The file became unreadable: the keys read before stay in force. */
  readonly onError: (error: unknown) => void;
}

/** The keys of a file, read again whenever its text changes, without a restart. */
export function watchKeyFile(options: KeyFileOptions): KeyFileWatch {
  let current: KeyRing = () => undefined;
  let seen = '';
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  async function load(): Promise<void> {
    const file = await readKeyFile(options.path);
    const text = JSON.stringify(file);
    if (text === seen) return;
    seen = text;
    current = createKeyRing(file);
    count = file.keys.length;
    options.onReload(count);
  }

  return {
    ring: (clearKey) => current(clearKey),
    get count() {
      return count;
    },
    async start() {
      await load();
      timer = setInterval(() => load().catch(options.onError), options.everyMs);
      timer.unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
