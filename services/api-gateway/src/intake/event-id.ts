import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;
/** Random bytes of one id: the version and variant bits are set over them. */
const RANDOM_BYTES = 10;

/** Mints UUIDs of version 7: sorted by time to the millisecond, random below. */
export function createEventIds(): (nowMs: number) => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (nowMs) => {
    if (used + RANDOM_BYTES > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const time = nowMs.toString(16).padStart(12, '0');
    const random = Buffer.from(pool.subarray(used, used + RANDOM_BYTES));
    used += RANDOM_BYTES;
    random.writeUInt8((random.readUInt8(0) & 0x0f) | 0x70, 0);
    random.writeUInt8((random.readUInt8(2) & 0x3f) | 0x80, 2);
    const hex = random.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`;
  };
}
