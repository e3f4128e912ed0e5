import { isUtf8 } from 'node:buffer';
import { RequestRefused } from '../errors.ts';

export type Media = 'json' | 'ndjson';

/** What stands at one place of a request: a parsed value, or a line that is not JSON. */
export type Item = { readonly value: unknown } | { readonly broken: string };

export interface Events {
  /** One event sent as an object: the answer's status then speaks of that event. */
  readonly single: boolean;
  readonly items: readonly Item[];
}

const JSON_TYPES = new Set(['application/json', 'text/json', '']);
const NDJSON_TYPES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
]);

/** JSON or NDJSON; a request without a content type is read as JSON. */
export function mediaOf(contentType: string | undefined): Media {
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new RequestRefused('ZT-GATEWAY-MEDIA', 'the charset must be utf-8');
  }
  if (JSON_TYPES.has(type)) return 'json';
  if (NDJSON_TYPES.has(type)) return 'ndjson';
  throw new RequestRefused(
    'ZT-GATEWAY-MEDIA',
    'content-type must be application/json or application/x-ndjson',
  );
}

function tooMany(maxEvents: number): RequestRefused {
  return new RequestRefused('ZT-GATEWAY-TOO-MANY', `more than ${maxEvents} events`);
}

/**
 * The lines that are not blank. Blank ones cost neither a string nor an entry, and nothing is cut beyond the limit:
 * a few kilobytes of compressed newlines are eight million lines.
 */
function linesOf(text: string, maxEvents: number): Item[] {
  const something = /\S/g;
  const items: Item[] = [];
  for (let found = something.exec(text); found !== null; found = something.exec(text)) {
    if (items.length === maxEvents) throw tooMany(maxEvents);
    const newline = text.indexOf('\n', found.index);
    const end = newline < 0 ? text.length : newline;
    items.push(parseLine(text.slice(found.index, end)));
    something.lastIndex = end;
  }
  return items;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestRefused('ZT-GATEWAY-BODY', `the body is not JSON (${placeOf(error)})`);
  }
}

/** Where a parse failed, without the text around it that V8 puts into its message. */
function placeOf(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
  const place = /at position \d+/.exec(message)?.[0];
  return place ?? (message.startsWith('Unexpected end') ? 'it ends too early' : 'unexpected character');
}

function parseLine(line: string): Item {
  try {
    const value: unknown = JSON.parse(line);
    return { value };
  } catch (error) {
    return { broken: `the line is not JSON (${placeOf(error)})` };
  }
}

function batchOf(values: readonly unknown[], maxEvents: number): Events {
  if (values.length > maxEvents) throw tooMany(maxEvents);
  return { single: false, items: values.map((value) => ({ value })) };
}

function itemsOf(value: unknown, maxEvents: number): Events {
  if (Array.isArray(value)) return batchOf(value, maxEvents);
  if (typeof value === 'object' && value !== null && 'events' in value && !('event_type' in value)) {
    const { events, ...rest } = value;
    if (!Array.isArray(events) || Object.keys(rest).length > 0) {
      throw new RequestRefused('ZT-GATEWAY-BODY', 'a batch is {"events":[…]} with nothing beside');
    }
    return batchOf(events, maxEvents);
  }
  return { single: true, items: [{ value }] };
}

/**
 * The events of a body: an object is one event, an array or `{"events":[…]}` a batch; in NDJSON each line that is
 * not blank is one event, and a broken line spoils itself only. Where a key stands twice in an object the last
 * one counts, as JSON.parse has it; `__proto__` is a key like any other (and no field of any record).
 */
export function parseEvents(body: Buffer, media: Media, maxEvents: number): Events {
  if (!isUtf8(body)) throw new RequestRefused('ZT-GATEWAY-UTF8', 'the body is not valid UTF-8');
  const text = body.toString('utf8');
  const events: Events =
    media === 'json'
      ? itemsOf(parseJson(text), maxEvents)
      : { single: false, items: linesOf(text, maxEvents) };
  if (events.items.length === 0)
    throw new RequestRefused('ZT-GATEWAY-EMPTY', 'there is no event in the body');
  return events;
}
