import { localError } from './errors.ts';

const limitMs = 2_000;

/** Fetches `url` and lets `accept` judge the body of a 200. */
export async function checkHttp(url: string, accept: (body: string) => boolean): Promise<void> {
  const response = await fetch(url, {
    // A kept connection may belong to a process that is gone.
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(limitMs),
  }).catch((cause: unknown) => {
    throw localError('ZT-LOCAL-HEALTH', `${url} does not answer`, { cause });
  });
  const body = await response.text();
  if (response.status !== 200 || !accept(body)) {
    throw localError('ZT-LOCAL-HEALTH', `${url} answers ${response.status}`, {
      details: { body: body.slice(0, 200) },
    });
  }
}
