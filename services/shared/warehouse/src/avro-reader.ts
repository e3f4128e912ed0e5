import { WarehouseError } from './errors.ts';

function malformed(what: string): WarehouseError {
  return new WarehouseError('ZT-WAREHOUSE-MALFORMED', what);
}

/**
 * Walks over Avro's binary encoding without making JavaScript values. Whole numbers come as two halves
 * (`low`, `high`), since the columns they go to have 64 bits and a number has 53. Every step is checked against
 * the end of the bytes.
 */
export class AvroReader {
  bytes: Uint8Array = new Uint8Array(0);
  position = 0;
  low = 0;
  high = 0;

  open(bytes: Uint8Array, position: number): void {
    this.bytes = bytes;
    this.position = position;
  }

  byte(): number {
    const value = this.bytes[this.position++];
    if (value === undefined) throw malformed('the record ends within a value');
    return value;
  }

  /** Reads a zigzag varint into `low` and `high`. */
  long(): void {
    let a = 0;
    let b = 0;
    let c = 0;
    let shift = 0;
    let value: number;
    do {
      value = this.byte();
      if (shift < 28) a |= (value & 127) << shift;
      else if (shift < 56) b |= (value & 127) << (shift - 28);
      else if (shift < 70) c |= (value & 127) << (shift - 56);
      else throw malformed('a number has more than 64 bits');
      shift += 7;
    } while (value > 127);
    if (c > 255) throw malformed('a number has more than 64 bits');
    const low = a | (b << 28);
    const high = (b >>> 4) | (c << 24);
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }

  /** A whole number of 32 bits. */
  int(): number {
    this.long();
    if (this.high !== this.low >> 31) throw malformed('an int has more than 32 bits');
    return this.low;
  }

  /** A length or count: not negative, and not beyond the end of the record. */
  length(): number {
    this.long();
    if (this.high !== 0 || this.low < 0 || this.position + this.low > this.bytes.length) {
      throw malformed('a length goes beyond the end of the record');
    }
    return this.low;
  }

  skip(length: number): void {
    this.position += length;
    if (this.position > this.bytes.length) throw malformed('the record ends within a value');
  }

  /**
   * The number of items of the next block of an array or map; 0 at its end. A negative count is followed by the
   * block's size in bytes, which is not needed here.
   */
  blockCount(): number {
    this.long();
    let count = this.low;
    if (this.high !== this.low >> 31) throw malformed('an array has an impossible length');
    if (count < 0) {
      count = -count;
      this.long();
    }
    // An item of no bytes (a null, an empty record) could make this count endless work.
    if (count > this.bytes.length) throw malformed('an array has more items than the record has bytes');
    return count;
  }

  get ended(): boolean {
    return this.position === this.bytes.length;
  }
}
