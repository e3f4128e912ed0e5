import type { ApiEvent } from '../dataset.ts';
import type { Rejection } from './answer.ts';
import { type DeliveryObserver, deliver } from './deliver.ts';
import { inLanes } from './lanes.ts';
import { createLatencyHistogram } from './latency.ts';
import { createPoster } from './post.ts';
import { type AcceptSample, createReservoir } from './sampling.ts';

export interface SendOptions {
  /** Base address of the API gateway, such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly key: string;
  readonly batches: AsyncIterable<readonly ApiEvent[]> | Iterable<readonly ApiEvent[]>;
  /** Requests under way at once; no more than this many batches are in memory. 8 unless told. */
  readonly concurrency?: number;
  /** Time for one request; 30 s unless told. */
  readonly timeoutMs?: number;
  /** Time for one batch with all its retries; 120 s unless told. */
  readonly giveUpAfterMs?: number;
  /** First and longest wait before a retry; 50 ms and 2 s unless told. */
  readonly baseBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Accepted events of which the times are kept; 2,000 unless told. */
  readonly samples?: number;
  /** Called once per accepted batch, with its last event: measure from here until it can be seen. */
  readonly onAccepted?: (sample: AcceptSample) => void;
  readonly onProgress?: (counts: SendCounts) => void;
  readonly progressEveryMs?: number;
  readonly signal?: AbortSignal;
  readonly random?: () => number;
}

export interface SendCounts {
  /** Events that were handed to the client and sent at least once. */
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Events that were sent again, counted each time: as many repeats the highway may hold. */
  readonly retried: number;
  readonly elapsedMs: number;
}

export interface SendReport extends SendCounts {
  /** Requests by status; `none` are those without an answer. */
  readonly requests: Readonly<Record<string, number>>;
  readonly rejectedByCode: Readonly<Record<string, number>>;
  /** The first rejections, to look at. */
  readonly rejections: readonly (Rejection & { readonly eventId: string })[];
  readonly eventsPerSecond: number;
  /** From the first sending of a batch until its acceptance, waits and retries included. */
  readonly acceptMs: { readonly p50: number; readonly p99: number };
  readonly samples: readonly AcceptSample[];
}

const KEPT_REJECTIONS = 20;

/** What has been told so far; the report is made of it. */
class Tally implements DeliveryObserver<ApiEvent> {
  sent = 0;
  acceptedCount = 0;
  rejectedCount = 0;
  retriedCount = 0;
  readonly requests: Record<string, number> = {};
  readonly rejectedByCode: Record<string, number> = {};
  readonly rejections: (Rejection & { eventId: string })[] = [];
  readonly #latency = createLatencyHistogram();
  readonly #samples;
  readonly #startedMs = performance.now();

  readonly #onAccepted;

  constructor({ samples = 2_000, random = Math.random, onAccepted }: SendOptions) {
    this.#onAccepted = onAccepted;
    this.#samples = createReservoir<AcceptSample>(samples, random);
  }

  requested(status: number | null): void {
    const name = status === null ? 'none' : String(status);
    this.requests[name] = (this.requests[name] ?? 0) + 1;
  }

  accepted(events: readonly ApiEvent[], sentAt: number): void {
    const acceptedAt = Date.now();
    this.acceptedCount += events.length;
    this.#latency.record(acceptedAt - sentAt, events.length);
    let sample: AcceptSample | undefined;
    for (const { event_id: eventId, event_type: eventType } of events) {
      sample = { eventId, eventType, sentAt, acceptedAt };
      this.#samples.offer(sample);
    }
    if (sample !== undefined) this.#onAccepted?.(sample);
  }

  rejected(event: ApiEvent, rejection: Rejection): void {
    this.rejectedCount += 1;
    this.rejectedByCode[rejection.code] = (this.rejectedByCode[rejection.code] ?? 0) + 1;
    if (this.rejections.length < KEPT_REJECTIONS)
      this.rejections.push({ ...rejection, eventId: event.event_id });
  }

  retried(events: number): void {
    this.retriedCount += events;
  }

  counts(): SendCounts {
    return {
      sent: this.sent,
      accepted: this.acceptedCount,
      rejected: this.rejectedCount,
      retried: this.retriedCount,
      elapsedMs: performance.now() - this.#startedMs,
    };
  }

  report(): SendReport {
    const counts = this.counts();
    return {
      ...counts,
      requests: this.requests,
      rejectedByCode: this.rejectedByCode,
      rejections: this.rejections,
      eventsPerSecond: (counts.accepted / counts.elapsedMs) * 1000,
      acceptMs: { p50: this.#latency.percentile(0.5), p99: this.#latency.percentile(0.99) },
      samples: this.#samples.items,
    };
  }
}

/**
 * Sends batches of events to the API gateway as a source system would: a few kept-alive connections, each batch
 * again with the same event_ids until it is taken. Resolves when every event is accepted or rejected for good.
 *
 * @throws ZhongtaiError with a code of `sendCodes`; the first failure ends all requests under way.
 */
export async function sendEvents(options: SendOptions): Promise<SendReport> {
  const { concurrency = 8, random = Math.random, progressEveryMs = 500 } = options;
  const tally = new Tally(options);
  const poster = createPoster({
    url: options.url,
    path: '/v1/events',
    key: options.key,
    connections: concurrency,
    timeoutMs: options.timeoutMs ?? 30_000,
  });
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const delivery = {
    poster,
    signal,
    observe: tally,
    giveUpAfterMs: options.giveUpAfterMs ?? 120_000,
    backoff: { baseMs: options.baseBackoffMs ?? 50, capMs: options.maxBackoffMs ?? 2_000, random },
  };
  const progress = setInterval(() => options.onProgress?.(tally.counts()), progressEveryMs);
  try {
    await inLanes(options.batches, concurrency, stop, async (batch) => {
      tally.sent += batch.length;
      await deliver(batch, delivery);
    });
  } finally {
    clearInterval(progress);
    poster.close();
  }
  options.onProgress?.(tally.counts());
  return tally.report();
}
