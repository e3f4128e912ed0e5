import type { Serde } from '../serde.ts';
import type { Span } from './windows.ts';

const HEAD_BYTES = 20;

/** A key's spans in one value, earliest first: start, end, length and bytes of each. */
export function spanListSerde<A>(serde: Serde<A>): Serde<readonly Span<A>[]> {
  return {
    name: `spans:${serde.name}`,
    encode: (spans) => Buffer.concat(spans.flatMap((span) => encodeSpan(span, serde))),
    decode: (bytes) => {
      const spans: Span<A>[] = [];
      for (let at = 0; at < bytes.length; ) {
        const from = at + HEAD_BYTES;
        const to = from + bytes.readUInt32BE(at + 16);
        const value = serde.decode(bytes.subarray(from, to));
        spans.push({ startMs: bytes.readDoubleBE(at), endMs: bytes.readDoubleBE(at + 8), value });
        at = to;
      }
      return spans;
    },
  };
}

function encodeSpan<A>({ startMs, endMs, value }: Span<A>, serde: Serde<A>): Buffer[] {
  const bytes = serde.encode(value);
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeDoubleBE(startMs, 0);
  head.writeDoubleBE(endMs, 8);
  head.writeUInt32BE(bytes.length, 16);
  return [head, bytes];
}
