const m = 0x5bd1e995;
const seed = 0x9747b28c;

/** The hash of Java's Kafka clients (32-bit murmur2) over a key's bytes. */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  let h = seed ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = byte(data, i) | (byte(data, i + 1) << 8) | (byte(data, i + 2) << 16) | (byte(data, i + 3) << 24);
    k = Math.imul(k, m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= byte(data, whole + 2) << 16;
  if (rest >= 2) h ^= byte(data, whole + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ byte(data, whole), m);
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
}

/** The partition that Java's default partitioner gives a key. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function byte(data: Uint8Array, at: number): number {
  return data[at] ?? 0;
}
