import { setTimeout as sleep } from 'node:timers/promises';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { messageOf } from '@zhongtai/runtime';
import { HighwayError } from './errors.ts';

const timeoutMs = 5_000;
/** For a reader that has registered nothing, and so has nothing to write: longer than a registry reads its log. */
const settleMs = 10_000;
/** Confluent's code for "no such schema id"; a 404 without it comes from something else on the way. */
const schemaNotFound = 40403;
const refusals = new Set([409, 422]);

/** What the codec asks of a schema registry. */
export interface RegistryClient {
  /** Registers the text under a subject (a no-op when it is there) and answers its id. */
  register(subject: string, text: string): Promise<number>;
  /** The text of a schema id, or null when a registry that has read its whole log does not have it. */
  find(id: number): Promise<string | null>;
}

export function createRegistryClient(url: string): RegistryClient {
  const base = url.replace(/\/$/, '');
  const client = new SchemaRegistry({ host: base, retry: { retries: 0 } });
  let ours: string | undefined;

  async function look(id: number): Promise<string | null> {
    const response = await ask(`${base}/schemas/ids/${id}`);
    const body = parseBody(await response.text());
    if (response.ok && body.schema !== undefined) return body.schema;
    if (response.status === 404 && body.errorCode === schemaNotFound) return null;
    throw away(`the registry answered ${response.status} for schema ${id}`);
  }

  /**
   * Resolves when the registry has read its own log. One that has just come up answers 404 for everything that it is
   * about to know; but whatever it writes goes through that log, so once a write is through, all before it is known.
   */
  async function settled(): Promise<void> {
    if (ours === undefined) return await sleep(settleMs);
    const response = await ask(`${base}/config/${encodeURIComponent(ours)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ compatibility: COMPATIBILITY.FULL_TRANSITIVE }),
    });
    await response.arrayBuffer();
    if (!response.ok) throw away(`the registry answered ${response.status} to a write: it is not whole yet`);
  }

  return {
    async register(subject, text) {
      try {
        const options = { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE };
        const { id } = await client.register({ type: SchemaType.AVRO, schema: text }, options);
        ours = subject;
        return id;
      } catch (error) {
        throw refusedOrAway(error, subject);
      }
    },
    async find(id) {
      const found = await look(id);
      if (found !== null) return found;
      await settled();
      return await look(id);
    },
  };
}

async function ask(url: string, request: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw away('the registry does not answer', error);
  }
}

function away(message: string, cause?: unknown): HighwayError {
  return new HighwayError('ZT-HIGHWAY-REGISTRY-AWAY', message, { cause });
}

function refusedOrAway(error: unknown, subject: string): HighwayError {
  const { status, name } = shapeOf(error);
  // Two processes register one subject at once, or the registry is still reading its log: the next try finds it.
  if (/already exists/.test(messageOf(error))) {
    return away(`${subject} is being registered by another: ${messageOf(error)}`, error);
  }
  // The client reports a refused connection as status 400, so only the registry's own refusals count as such.
  const isRefusal = typeof status === 'number' && refusals.has(status);
  // Its own checks of a schema carry its name.
  if (isRefusal || String(name).startsWith('ConfluentSchemaRegistry')) {
    const message = `schema refused for ${subject}: ${messageOf(error)}`;
    return new HighwayError('ZT-HIGHWAY-SCHEMA-REFUSED', message, { cause: error, details: { subject } });
  }
  return away(`the registry did not register ${subject}: ${messageOf(error)}`, error);
}

function shapeOf(error: unknown): { readonly status?: unknown; readonly name?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}

function parseBody(text: string): { schema?: string; errorCode?: number } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return {};
    return {
      ...('schema' in body && typeof body.schema === 'string' ? { schema: body.schema } : {}),
      ...('error_code' in body && typeof body.error_code === 'number' ? { errorCode: body.error_code } : {}),
    };
  } catch {
    return {};
  }
}
