import type { WireBody, WireExchange } from '../kafkajs-types.ts';
import { readOffset } from '../record-batch-reader.ts';

/** Kafka's flexible encodings: lengths as unsigned varints, one more than they are, and tagged fields. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int16(value: number): this {
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeInt16BE(value);
    return this.raw(bytes);
  }

  int32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return this.raw(bytes);
  }

  int64(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(value);
    return this.raw(bytes);
  }

  flag(value: boolean): this {
    return this.raw(Buffer.from([value ? 1 : 0]));
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  bytes(value: Buffer): this {
    return this.#uvarint(value.length + 1).raw(value);
  }

  list<T>(items: readonly T[], item: (one: T) => void): this {
    this.#uvarint(items.length + 1);
    for (const one of items) item(one);
    return this;
  }

  noTags(): this {
    return this.#uvarint(0);
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  #uvarint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
    return this.raw(Buffer.from(bytes));
  }

  get body(): WireBody {
    const whole = Buffer.concat(this.#parts);
    return { buf: whole, buffer: whole };
  }
}

/** Reads what `WireWriter` writes. */
export class WireReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  int16(): number {
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  flag(): boolean {
    return this.#buffer[this.#at++] === 1;
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#buffer.readBigInt64BE(this.#at - 8);
  }

  offset(): number {
    this.#at += 8;
    return readOffset(this.#buffer, this.#at - 8);
  }

  /** Null as the empty text: nothing of what is read here tells them apart. */
  text(): string {
    const length = Math.max(0, this.uvarint() - 1);
    this.#at += length;
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.uvarint() - 1) }, item);
  }

  skipTags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint();
      this.#at += this.uvarint();
    }
  }

  uvarint(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.#buffer[this.#at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  }
}

interface FlexibleCall<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  write(into: WireWriter): WireWriter;
  read(from: WireReader): T;
}

/** A flexible request behind the older header that kafkajs writes: the header's tags are the body's first byte. */
export function flexibleExchange<T>(call: FlexibleCall<T>): WireExchange<T> {
  const { apiKey, apiVersion, apiName } = call;
  return {
    request: {
      apiKey,
      apiVersion,
      apiName,
      encode: async () => call.write(new WireWriter().noTags()).noTags().body,
    },
    response: {
      async decode(raw) {
        const reader = new WireReader(raw);
        reader.skipTags();
        return call.read(reader);
      },
      parse: async (answer) => answer,
    },
  };
}
