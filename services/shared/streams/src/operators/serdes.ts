import type { Serde } from '../serde.ts';

/** JSON, for state of one's own and for trying things out. Adding optional fields is safe, renaming is not. */
export function jsonSerde<T>(name: string): Serde<T> {
  return {
    name: `json:${name}`,
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  };
}

export const textSerde: Serde<string> = {
  name: 'text',
  encode: (value) => Buffer.from(value),
  decode: (bytes) => bytes.toString(),
};

/** Any number that JavaScript can count with, in eight bytes. */
export const numberSerde: Serde<number> = {
  name: 'number',
  encode: (value) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value);
    return bytes;
  },
  decode: (bytes) => bytes.readDoubleBE(),
};
