const shortCopy = 24;

/** A growing buffer for RowBinary. `position` may be set back to drop what was written since. */
export class ByteWriter {
  buffer: Buffer;
  position = 0;

  constructor(capacity = 1024) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** What has been written, without a copy: valid until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  byte(value: number): void {
    if (this.position === this.buffer.length) this.#grow(1);
    this.buffer[this.position++] = value;
  }

  /** Unsigned LEB128 of a number below 2^32. */
  varint(value: number): void {
    if (this.position + 5 > this.buffer.length) this.#grow(5);
    let rest = value;
    while (rest > 127) {
      this.buffer[this.position++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.buffer[this.position++] = rest;
  }

  uint16(value: number): void {
    if (this.position + 2 > this.buffer.length) this.#grow(2);
    this.buffer[this.position++] = value;
    this.buffer[this.position++] = value >>> 8;
  }

  int32(value: number): void {
    if (this.position + 4 > this.buffer.length) this.#grow(4);
    const { buffer } = this;
    let at = this.position;
    buffer[at++] = value;
    buffer[at++] = value >>> 8;
    buffer[at++] = value >>> 16;
    buffer[at++] = value >>> 24;
    this.position = at;
  }

  /** Eight bytes of a whole number: the low and the high half. */
  int64(low: number, high: number): void {
    this.int32(low);
    this.int32(high);
  }

  /** Copies `length` bytes of `source`. */
  copy(source: Uint8Array, start: number, length: number): void {
    if (this.position + length > this.buffer.length) this.#grow(length);
    const { buffer, position } = this;
    if (length <= shortCopy) {
      for (let i = 0; i < length; i++) buffer[position + i] = source[start + i] ?? 0;
    } else {
      buffer.set(source.subarray(start, start + length), position);
    }
    this.position = position + length;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.position + needed));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }
}
