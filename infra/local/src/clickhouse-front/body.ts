import type { Readable, Transform } from 'node:stream';
import { createDecoder } from './compression.ts';
import { busy, ClickHouseError } from './exceptions.ts';

/** The bytes of all bodies that are being received or worked on; one limit for all clients together. */
export class BodyBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when all together would hold too much. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

export interface BodyOptions {
  readonly encoding: string | undefined;
  readonly maxBytes: number;
  /** What a body beyond `maxBytes` is told. */
  readonly tooLarge: () => ClickHouseError;
  /** How long a client may send nothing. */
  readonly idleMs: number;
}

export interface ReceivedBody {
  readonly bytes: Buffer;
  /** Gives the bytes back to the budget. */
  release(): void;
}

/**
 * Reads a whole body, decompressed. Its bytes count from the moment they arrive, and decompressed, so neither many
 * clients nor a small bomb can take more than the limits say. A body that is refused leaves the connection usable
 * for the answer: the rest of it is read and thrown away.
 *
 * @throws ClickHouseError 89 for an unknown encoding, 271 for broken data, 202 when all clients together send too
 * much, 209 when nothing comes, 210 when the client goes away, and what `tooLarge` says.
 */
export function readBody(source: Readable, budget: BodyBudget, options: BodyOptions): Promise<ReceivedBody> {
  return new Reception(source, budget, options).done;
}

class Reception {
  readonly done: Promise<ReceivedBody>;
  readonly #options: BodyOptions;
  readonly #source: Readable;
  readonly #budget: BodyBudget;
  readonly #decoder: Transform | undefined;
  readonly #idle: NodeJS.Timeout;
  readonly #settle = Promise.withResolvers<ReceivedBody>();
  readonly #parts: Buffer[] = [];
  #length = 0;
  #isOver = false;

  constructor(source: Readable, budget: BodyBudget, options: BodyOptions) {
    this.#options = options;
    this.#source = source;
    this.#budget = budget;
    this.done = this.#settle.promise;
    this.#decoder = createDecoder(options.encoding);
    this.#idle = setTimeout(() => this.#refuse(silent(options.idleMs)), options.idleMs);
    this.#listen();
  }

  #listen(): void {
    const [source, decoder] = [this.#source, this.#decoder];
    source.on('data', () => this.#idle.refresh());
    source.once('error', () => this.#refuse(gone()));
    source.once('close', () => {
      if (!source.readableEnded) this.#refuse(gone());
    });
    decoder?.on('error', () => this.#refuse(broken(this.#options.encoding)));
    const stream = decoder ? source.pipe(decoder) : source;
    stream.on('data', (part: Buffer) => this.#take(part));
    stream.once('end', () => this.#finish());
  }

  #take(part: Buffer): void {
    if (this.#isOver) return;
    const tooLarge = this.#length + part.length > this.#options.maxBytes;
    if (tooLarge) this.#refuse(this.#options.tooLarge());
    else if (this.#budget.take(part.length)) {
      this.#length += part.length;
      this.#parts.push(part);
    } else this.#refuse(busy('too much data is waiting'));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idle);
    const length = this.#length;
    const [first = Buffer.alloc(0)] = this.#parts;
    const bytes = this.#parts.length < 2 ? first : Buffer.concat(this.#parts, length);
    this.#settle.resolve({ bytes, release: () => this.#budget.give(length) });
  }

  #refuse(why: ClickHouseError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idle);
    this.#budget.give(this.#length);
    this.#parts.length = 0;
    if (this.#decoder) {
      this.#source.unpipe(this.#decoder);
      this.#decoder.destroy();
    }
    this.#source.resume();
    this.#settle.reject(why);
  }
}

function gone(): ClickHouseError {
  return new ClickHouseError(210, 'NETWORK_ERROR', 'The client went away');
}

function silent(idleMs: number): ClickHouseError {
  return new ClickHouseError(209, 'SOCKET_TIMEOUT', `Nothing of the body came for ${idleMs / 1000} s`);
}

function broken(encoding: string | undefined): ClickHouseError {
  const message = `Cannot decompress the body: ${encoding} data is broken`;
  return new ClickHouseError(271, 'CANNOT_DECOMPRESS', message);
}
