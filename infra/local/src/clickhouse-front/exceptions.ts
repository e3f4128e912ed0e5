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

/** The body of an error response. */
export function exceptionText(error: ClickHouseError, version: string): string {
  return `Code: ${error.code}. DB::Exception: ${error.message}${/[.!?]$/.test(error.message) ? '' : '.'} (${error.type}) (version ${version})\n`;
}

const statusByCode: ReadonlyMap<number, number> = new Map([
  ...[194].map((code) => [code, 401] as const),
  ...[192, 193, 497, 516].map((code) => [code, 403] as const),
  ...[46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336].map((code) => [code, 404] as const),
  ...[6, 26, 27, 33, 36, 38, 41, 42, 43, 53, 62, 69, 72, 117, 130, 131, 306, 386, 456].map(
    (code) => [code, 400] as const,
  ),
  [223, 413],
  [48, 501],
  [202, 503],
  [209, 503],
  [439, 503],
]);

/** The HTTP status that ClickHouse gives to an exception. */
export function statusOf(code: number): number {
  return statusByCode.get(code) ?? 500;
}
