/** One event that the gateway did not take. */
export interface Rejection {
  readonly index: number;
  readonly code: string;
  readonly path: string;
  readonly message: string;
  /** The same event may be sent again as it is. */
  readonly retryable: boolean;
}

/** What the gateway said of each event of a batch. */
export interface ItemAnswer {
  readonly accepted: number;
  readonly rejected: readonly Rejection[];
}

/** Refused only because the platform is full: such an event is sent again. */
export function isPassing({ retryable }: Rejection): boolean {
  return retryable;
}

/**
 * Reads `{accepted, rejected: [...]}`; undefined when the body is something else, or when it carries a code of its
 * own: then the request was refused as a whole and says nothing of its items.
 */
export function parseItemAnswer(body: unknown): ItemAnswer | undefined {
  if (!isObject(body) || typeof body['accepted'] !== 'number' || 'code' in body) return undefined;
  const rejected = body['rejected'] ?? [];
  if (!Array.isArray(rejected)) return undefined;
  const parsed = rejected.map(parseRejection).filter((item) => item !== undefined);
  return parsed.length === rejected.length ? { accepted: body['accepted'], rejected: parsed } : undefined;
}

/** The code and words with which a whole request was refused. */
export function parseRefusal(body: unknown, status: number): { code: string; message: string } {
  if (!isObject(body)) return { code: `HTTP-${status}`, message: '' };
  return { code: String(body['code'] ?? `HTTP-${status}`), message: String(body['message'] ?? '') };
}

function parseRejection(value: unknown): Rejection | undefined {
  if (!isObject(value) || typeof value['index'] !== 'number') return undefined;
  return {
    index: value['index'],
    code: String(value['code'] ?? ''),
    path: String(value['path'] ?? ''),
    message: String(value['message'] ?? ''),
    retryable: value['retryable'] === true,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
