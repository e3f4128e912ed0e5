/**
 * What a failure means for the work in hand. There are three, and every error says which it is:
 *
 * - `bad_record`: this one input is wrong and always will be. Set it aside with its reason; the rest goes on.
 * - `retryable`: the world is not ready (a broker away, a time-out). Back off, keep the work, try again.
 * - `fatal`: going on would be wrong (bad configuration, fenced, a broken invariant). Stop and say why.
 */
export type Failure = 'bad_record' | 'retryable' | 'fatal';

/** A stable code that operators can search for and alarms can match. */
export type ErrorCode = `ZT-${string}`;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Facts for the log: ids, counts and addresses; never payloads or secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The base of every error that our code throws on purpose. */
export class ZhongtaiError extends Error {
  override readonly name: string = 'ZhongtaiError';
  readonly code: ErrorCode;
  readonly failure: Failure;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, failure: Failure, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.failure = failure;
    this.details = options.details ?? {};
  }
}

/**
 * Whether `error` is one of ours and of the given kind. The check is by shape, not by `instanceof`, which
 * fails across realms (worker threads, test contexts).
 */
export function isFailure(error: unknown, failure: Failure): error is ZhongtaiError {
  return typeof error === 'object' && error !== null && 'failure' in error && error.failure === failure;
}

/** The code of anything that was thrown: ours, Node's or a client's; undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of anything that was thrown, with the messages of its causes where these say more. */
export function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const message = String(error.message);
  if (!('cause' in error) || error.cause === undefined) return message;
  const why = messageOf(error.cause);
  return message.includes(why) ? message : `${message}: ${why}`;
}
