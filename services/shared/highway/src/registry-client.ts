import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { messageOf } from '@zhongtai/runtime';
import { HighwayError } from './errors.ts';

const timeoutMs = 5_000;
/** Confluent's code for "no such schema id"; a 404 without it comes from something else on the way. */
const schemaNotFound = 40403;
const refusals = new Set([409, 422]);

/** What the codec asks of a schema registry. */
export interface RegistryClient {
  /** Registers the text under a subject (a no-op when it is there) and answers its id. */
  register(subject: string, text: string): Promise<number>;
  /** The text of a schema id, or null when the registry does not have it. */
  find(id: number): Promise<string | null>;
}

export function createRegistryClient(url: string): RegistryClient {
  const base = url.replace(/\/$/, '');
  const client = new SchemaRegistry({ host: base, retry: { retries: 0 } });
  return {
    async register(subject, text) {
      try {
        const options = { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE };
        const { id } = await client.register({ type: SchemaType.AVRO, schema: text }, options);
        return id;
      } catch (error) {
        throw refusedOrAway(error, subject);
      }
    },
    async find(id) {
      const response = await ask(`${base}/schemas/ids/${id}`);
      const body = parseBody(await response.text());
      if (response.ok && body.schema !== undefined) return body.schema;
      if (response.status === 404 && body.errorCode === schemaNotFound) return null;
      throw away(`the registry answered ${response.status} for schema ${id}`);
    },
  };
}

async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
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
