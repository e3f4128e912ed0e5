import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ClickHouseError } from './exceptions.ts';

const decoders: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
  ['zstd', () => zlib.createZstdDecompress()],
]);

type Encoding = 'zstd' | 'br' | 'gzip' | 'deflate';

const encoders: Readonly<Record<Encoding, () => Transform>> = {
  zstd: () => zlib.createZstdCompress(),
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
  gzip: () => zlib.createGzip({ level: 3 }),
  deflate: () => zlib.createDeflate({ level: 3 }),
};

/** Cheapest first; a client that names one gets that one. */
const preference: readonly Encoding[] = ['zstd', 'gzip', 'deflate', 'br'];

/** The encoding for an answer, if the client asked for one (`enable_http_compression=1`) and takes it. */
export function chooseEncoding(
  acceptEncoding: string | undefined,
  enabled: string | null,
): Encoding | undefined {
  if (enabled !== '1' || acceptEncoding === undefined) return undefined;
  const accepted = acceptEncoding.split(',').map((part) => part.trim().split(';')[0]?.toLowerCase());
  return preference.find((encoding) => accepted.includes(encoding));
}

export function createEncoder(encoding: Encoding): Transform {
  return encoders[encoding]();
}

/**
 * The decoder of a body, if it needs one.
 *
 * @throws ClickHouseError 89 for an unknown encoding.
 */
export function createDecoder(encoding: string | undefined): Transform | undefined {
  if (encoding === undefined || encoding === 'identity') return undefined;
  const decoder = decoders.get(encoding.toLowerCase());
  if (decoder) return decoder();
  throw new ClickHouseError(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method ${encoding}`);
}
