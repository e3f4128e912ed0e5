import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown;
}

export interface Poster {
  /** Sends a body and resolves with whatever the server answered; rejects when there was no whole answer. */
  post(body: Buffer, signal?: AbortSignal): Promise<Answer>;
  close(): void;
}

export interface PosterOptions {
  /** Base address of the gateway. */
  readonly url: string;
  /** Where on the gateway, such as /v1/events. */
  readonly path: string;
  readonly key: string;
  readonly connections: number;
  /** A request without an answer for this long counts as failed. */
  readonly timeoutMs: number;
}

/** Kept-alive connections to the gateway, as a source system would hold them. */
export function createPoster({ url, path, key, connections, timeoutMs }: PosterOptions): Poster {
  const target = new URL(path, url);
  const secure = target.protocol === 'https:';
  const settings = { keepAlive: true, maxSockets: connections };
  const agent = secure ? new HttpsAgent(settings) : new HttpAgent(settings);
  const open = secure ? httpsRequest : httpRequest;
  return {
    close: () => agent.destroy(),
    post: (body, signal) =>
      new Promise((resolve, reject) => {
        const deadline = AbortSignal.timeout(timeoutMs);
        const request = open(target, {
          method: 'POST',
          agent,
          signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            'content-length': body.byteLength,
          },
        });
        request.on('response', (response) => {
          readAnswer(response).then(resolve, reject);
        });
        request.on('error', reject);
        request.end(body);
      }),
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    body: parseJson(Buffer.concat(chunks).toString('utf8')),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
