import { setTimeout as sleep } from 'node:timers/promises';
import { ZhongtaiError } from '@zhongtai/runtime';
import { type ItemAnswer, isPassing, parseItemAnswer, parseRefusal, type Rejection } from './answer.ts';
import { type BackoffOptions, parseRetryAfterMs, waitBeforeRetryMs } from './backoff.ts';
import { sendCodes } from './errors.ts';
import type { Answer, Poster } from './post.ts';

export interface DeliveryOptions<T> {
  readonly poster: Poster;
  readonly backoff: BackoffOptions;
  /** A batch that is still not taken after this time ends the sending. */
  readonly giveUpAfterMs: number;
  readonly signal: AbortSignal;
  readonly observe: DeliveryObserver<T>;
}

/** Told as it happens; every item handed to `deliver` is told of exactly once as accepted or rejected. */
export interface DeliveryObserver<T> {
  /** One request ended: its status, or null when no answer came. */
  requested(status: number | null): void;
  accepted(items: readonly T[], sentAt: number): void;
  rejected(item: T, rejection: Rejection): void;
  /** These items are sent once more, as they were. */
  retried(items: number): void;
}

/** What to do after one request: items that are still open, and the wait that the server asked for. */
interface Outcome<T> {
  readonly open: readonly T[];
  readonly retryAfterMs: number | null;
  readonly reason: string;
}

/**
 * Sends a batch of events (or of other records) until each is accepted or rejected for good. Whatever the gateway may or may not have
 * stored before a connection broke is sent again as it was: the event_id makes it a repeat, not a second event.
 */
export async function deliver<T>(batch: readonly T[], options: DeliveryOptions<T>): Promise<void> {
  const sentAt = Date.now();
  const startedMs = performance.now();
  let open = batch;
  let body = bodyOf(open);
  for (let failures = 1; ; failures += 1) {
    const answer = await tryToPost(body, options);
    if (answer?.status === 413 && open.length > 1) return deliverHalves(open, options);
    const outcome = settle(open, sentAt, answer, options);
    if (outcome.open.length === 0) return;
    const waitMs = waitBeforeRetryMs(failures, outcome.retryAfterMs, options.backoff);
    if (performance.now() - startedMs + waitMs > options.giveUpAfterMs) throw gaveUp(outcome, failures);
    await pause(waitMs, options.signal);
    options.observe.retried(outcome.open.length);
    if (outcome.open.length < open.length) body = bodyOf(outcome.open);
    open = outcome.open;
  }
}

async function deliverHalves<T>(items: readonly T[], options: DeliveryOptions<T>): Promise<void> {
  const middle = Math.ceil(items.length / 2);
  await deliver(items.slice(0, middle), options);
  await deliver(items.slice(middle), options);
}

async function tryToPost<T>(
  body: Buffer,
  { poster, signal, observe }: DeliveryOptions<T>,
): Promise<Answer | undefined> {
  try {
    const answer = await poster.post(body, signal);
    observe.requested(answer.status);
    return answer;
  } catch (error) {
    // Only the caller's own signal ends the work; every other failure is one of the network, and is tried again.
    if (signal.aborted)
      throw new ZhongtaiError(sendCodes.aborted, 'fatal', 'sending was ended', { cause: error });
    observe.requested(null);
    return undefined;
  }
}

function settle<T>(
  items: readonly T[],
  sentAt: number,
  answer: Answer | undefined,
  { observe }: DeliveryOptions<T>,
): Outcome<T> {
  if (answer === undefined) return { open: items, retryAfterMs: null, reason: 'no answer' };
  const { status, body } = answer;
  const refusal = parseRefusal(body, status);
  const retryAfterMs = parseRetryAfterMs(answer.retryAfter, Date.now());
  if (status === 429 || status >= 500) return { open: items, retryAfterMs, reason: refusal.code };
  const told = parseItemAnswer(body);
  if (told !== undefined) return settleItems(items, sentAt, told, retryAfterMs, observe);
  if (status === 401 || status === 403) {
    throw new ZhongtaiError(sendCodes.refused, 'fatal', `the gateway refused the key: ${refusal.code}`);
  }
  if (status < 400) throw unaccounted(items.length, status);
  for (const item of items) observe.rejected(item, { index: 0, path: '', retryable: false, ...refusal });
  return { open: [], retryAfterMs: null, reason: '' };
}

function settleItems<T>(
  items: readonly T[],
  sentAt: number,
  { accepted, rejected }: ItemAnswer,
  retryAfterMs: number | null,
  observe: DeliveryObserver<T>,
): Outcome<T> {
  const refused = new Map(rejected.map((rejection) => [rejection.index, rejection]));
  const known = rejected.every(({ index }) => index in items);
  if (!known || accepted + refused.size !== items.length || refused.size !== rejected.length) {
    throw unaccounted(items.length, accepted + refused.size);
  }
  const taken: T[] = [];
  const open: T[] = [];
  for (const [index, item] of items.entries()) {
    const rejection = refused.get(index);
    if (rejection === undefined) taken.push(item);
    else if (isPassing(rejection)) open.push(item);
    else observe.rejected(item, rejection);
  }
  observe.accepted(taken, sentAt);
  return { open, retryAfterMs, reason: 'shed' };
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal });
  } catch (error) {
    throw new ZhongtaiError(sendCodes.aborted, 'fatal', 'sending was ended', { cause: error });
  }
}

function bodyOf(items: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify(items));
}

function gaveUp({ open, reason }: Outcome<unknown>, failures: number): ZhongtaiError {
  return new ZhongtaiError(
    sendCodes.gaveUp,
    'retryable',
    `the gateway did not take ${open.length} records in ${failures} tries: ${reason}`,
    { details: { records: open.length, failures, reason } },
  );
}

function unaccounted(sent: number, told: number): ZhongtaiError {
  return new ZhongtaiError(
    sendCodes.unaccounted,
    'fatal',
    'the answer of the gateway does not account for every record sent',
    { details: { sent, told } },
  );
}
