import { LexError } from './lexer.ts';

/** An exception as ClickHouse words it: number, name and text. */
export class ClickHouseError extends Error {
  override readonly name = 'ClickHouseError';
  readonly code: number;
  readonly type: string;

  constructor(code: number, type: string, message: string) {
    super(message);
    this.code = code;
    this.type = type;
  }
}

const engineMessage = /^Code: (\d+)\. DB::Exception: ([\s\S]*?)\s*$/;

/** Reads the engine's text; anything else becomes a logical error (49) with its own message. */
export function toClickHouseError(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error;
  if (error instanceof LexError)
    return new ClickHouseError(62, 'SYNTAX_ERROR', `Syntax error: ${error.message}`);
  const text =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  const match = engineMessage.exec(text);
  if (!match) return new ClickHouseError(49, 'LOGICAL_ERROR', text);
  let message = match[2] ?? '';
  // The local connection wraps an exception in itself: keep the inner one.
  for (let inner = engineMessage.exec(message); inner; inner = engineMessage.exec(message))
    message = inner[2] ?? '';
  const type = /\(([A-Z][A-Z0-9_]+)\)(?: \(version [^)]*\))?$/.exec(message)?.[1] ?? 'UNKNOWN';
  message = message.replace(/(?: \([A-Z][A-Z0-9_]+\)| \(version [^)]*\))+$/, '');
  return new ClickHouseError(Number(match[1]), type, message);
}

/** A refusal that passes: it is answered with 503 and Retry-After. */
export function busy(why: string): ClickHouseError {
  return new ClickHouseError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `Too many simultaneous queries: ${why}`);
}

/** The body of an error response. */
export function exceptionText(error: ClickHouseError, version: string): string {
  return `Code: ${error.code}. DB::Exception: ${error.message}${/[.!?]$/.test(error.message) ? '' : '.'} (${error.type}) (version ${version})\n`;
}

/** ClickHouse's own table; what is not in it is 500. Two are ours: 202 with Retry-After, and broken bodies. */
const codesByStatus: Readonly<Record<number, readonly number[]>> = {
  400: [
    6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 89, 117, 123, 167, 168, 223, 271, 321, 376, 427,
    441, 675, 676,
  ],
  401: [194],
  403: [192, 193, 497, 512, 516],
  404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
  408: [159],
  411: [381],
  413: [229],
  415: [779],
  501: [48],
  503: [76, 202, 209, 439],
};

const statusByCode: ReadonlyMap<number, number> = new Map(
  Object.entries(codesByStatus).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)])),
);

/** The HTTP status that ClickHouse gives to an exception. */
export function statusOf(code: number): number {
  return statusByCode.get(code) ?? 500;
}
