import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { RequestRefused } from '../errors.ts';

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decompressors: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

function tooLarge(maxBytes: number): RequestRefused {
  return new RequestRefused('ZT-GATEWAY-TOO-LARGE', `the body is larger than ${maxBytes} bytes`);
}

/** The request's encoding, checked before a byte of the body is read. */
export function decompressorFor(request: IncomingMessage): Decompress | undefined {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return undefined;
  const decompress = Object.hasOwn(decompressors, encoding) ? decompressors[encoding] : undefined;
  if (decompress !== undefined) return decompress;
  throw new RequestRefused('ZT-GATEWAY-ENCODING', 'content-encoding must be one of gzip, deflate, br, zstd');
}

/**
 * The bytes of a request as they were sent, at most `maxBytes`. `onBytes` hears of each chunk so that bytes count
 * as under way from the moment they are held. A client that goes away before the end gets nothing taken.
 */
function collect(
  request: IncomingMessage,
  maxBytes: number,
  onBytes: (count: number) => void,
): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        request.removeAllListeners('data');
        reject(tooLarge(maxBytes));
        return;
      }
      onBytes(chunk.length);
      chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length));
    });
    const gone = (): void => {
      // Also heard after a body that came whole: an error object for each request would cost more than it is worth.
      if (request.complete) return;
      reject(new RequestRefused('ZT-GATEWAY-ABORTED', 'the client went away before the end of the body'));
    };
    request.on('error', gone);
    request.on('close', gone);
  });
}

/** Reads and decompresses a body. Both lengths keep the limit, so a bomb costs no more than an honest body. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  onBytes: (count: number) => void,
): Promise<Buffer> {
  const decompress = decompressorFor(request);
  const sent = await collect(request, maxBytes, onBytes);
  if (decompress === undefined) return sent;
  let inflated: Buffer;
  try {
    inflated = await decompress(sent, { maxOutputLength: maxBytes });
  } catch (error) {
    if (
      typeof error === 'object' &&
      error !== null &&
      'code' in error &&
      error.code === 'ERR_BUFFER_TOO_LARGE'
    ) {
      throw tooLarge(maxBytes);
    }
    throw new RequestRefused('ZT-GATEWAY-COMPRESSION', 'the body does not decompress', { cause: error });
  }
  onBytes(inflated.length - sent.length);
  return inflated;
}
