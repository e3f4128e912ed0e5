import type { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ClickHouseError } from './exceptions.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};

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
 * Reads a whole body, decompressed. The limit counts decompressed bytes, so a small bomb is stopped too.
 *
 * @throws ClickHouseError 89 for an unknown encoding, 271 for broken data, 229 beyond the limit.
 */
export async function readBody(
  source: Readable,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const decoder =
    encoding === undefined || encoding === 'identity' ? undefined : decoders[encoding.toLowerCase()];
  if (encoding !== undefined && encoding !== 'identity' && !decoder) {
    throw new ClickHouseError(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method ${encoding}`);
  }
  const parts: Buffer[] = [];
  let length = 0;
  const stream = decoder ? source.pipe(decoder()) : source;
  source.once('error', (error) => stream.destroy(error));
  try {
    for await (const part of stream) {
      length += part.length;
      if (length > maxBytes)
        throw new ClickHouseError(229, 'QUERY_IS_TOO_LARGE', `The body is larger than ${maxBytes} bytes`);
      parts.push(part);
    }
  } catch (error) {
    if (!decoder || error instanceof ClickHouseError) throw error;
    throw new ClickHouseError(
      271,
      'CANNOT_DECOMPRESS',
      `Cannot decompress the body: ${encoding} data is broken`,
    );
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, length);
}
