/** What a failure means for the work in hand: set the record aside, try again later, or stop. */
export type Failure = 'bad_record' | 'retryable' | 'fatal';

/** Every error that the engine throws on purpose. Told by its shape, so that it is known across packages. */
export class StreamsError extends Error {
  override readonly name = 'StreamsError';
  readonly code: `ZT-STREAMS-${string}`;
  readonly failure: Failure;

  constructor(code: `ZT-STREAMS-${string}`, failure: Failure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.failure = failure;
  }
}

/** What a thrown thing says of itself; what says nothing is a fault of the record that caused it. */
export function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null || !('failure' in error)) return 'bad_record';
  return error.failure === 'retryable' || error.failure === 'fatal' ? error.failure : 'bad_record';
}

/** The stable code of a thrown thing, when it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
