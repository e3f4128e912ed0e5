import type { ReferenceRecord } from '../dataset.ts';
import { type DeliveryObserver, deliver } from './deliver.ts';
import { createPoster, type Poster } from './post.ts';

export interface SendReferenceOptions {
  /** Base address of the API gateway. */
  readonly url: string;
  readonly key: string;
  readonly records: AsyncIterable<ReferenceRecord>;
  readonly batchSize?: number;
  readonly timeoutMs?: number;
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

export interface ReferenceReport {
  readonly accepted: number;
  readonly acceptedByTopic: Readonly<Record<string, number>>;
  readonly rejected: number;
  readonly rejectedByCode: Readonly<Record<string, number>>;
  readonly retried: number;
}

const PREFIX = 'reference.';

class ReferenceTally implements DeliveryObserver<ReferenceRecord['value']> {
  topic = '';
  readonly acceptedByTopic: Record<string, number> = {};
  readonly rejectedByCode: Record<string, number> = {};
  #accepted = 0;
  #rejected = 0;
  #retried = 0;

  requested(): void {
    // Requests are of no interest here: the table is small and sent once.
  }

  accepted(records: readonly ReferenceRecord['value'][]): void {
    this.#accepted += records.length;
    this.acceptedByTopic[this.topic] = (this.acceptedByTopic[this.topic] ?? 0) + records.length;
  }

  rejected(_: ReferenceRecord['value'], { code }: { readonly code: string }): void {
    this.#rejected += 1;
    this.rejectedByCode[code] = (this.rejectedByCode[code] ?? 0) + 1;
  }

  retried(records: number): void {
    this.#retried += records;
  }

  report(): ReferenceReport {
    return {
      accepted: this.#accepted,
      acceptedByTopic: this.acceptedByTopic,
      rejected: this.#rejected,
      rejectedByCode: this.rejectedByCode,
      retried: this.#retried,
    };
  }
}

/**
 * Sends master data through the front door, as `POST /v1/reference/<thing>`: there the member numbers become tokens
 * by the same rule as in events, so no second program needs the secret. Sending them again changes nothing.
 */
export async function sendReference(options: SendReferenceOptions): Promise<ReferenceReport> {
  const tally = new ReferenceTally();
  const delivery = {
    observe: tally,
    signal: options.signal ?? new AbortController().signal,
    giveUpAfterMs: options.giveUpAfterMs ?? 120_000,
    backoff: { baseMs: 50, capMs: 2_000, random: Math.random },
  };
  const posters = new Map<string, Poster>();
  const posterOf = (topic: string): Poster => {
    const { url, key, timeoutMs = 30_000 } = options;
    const path = `/v1/reference/${topic.slice(PREFIX.length)}`;
    const poster = posters.get(topic) ?? createPoster({ url, path, key, connections: 1, timeoutMs });
    posters.set(topic, poster);
    return poster;
  };
  try {
    for await (const { topic, values } of batchesOfOneTopic(options.records, options.batchSize ?? 500)) {
      tally.topic = topic;
      await deliver(values, { ...delivery, poster: posterOf(topic) });
    }
  } finally {
    for (const poster of posters.values()) poster.close();
  }
  return tally.report();
}

interface TopicBatch {
  readonly topic: string;
  readonly values: ReferenceRecord['value'][];
}

/** Cuts the records into batches; a change of topic ends one. */
async function* batchesOfOneTopic(
  records: AsyncIterable<ReferenceRecord>,
  size: number,
): AsyncGenerator<TopicBatch> {
  let batch: TopicBatch | undefined;
  for await (const { topic, value } of records) {
    if (batch !== undefined && (batch.topic !== topic || batch.values.length >= size)) {
      yield batch;
      batch = undefined;
    }
    batch ??= { topic, values: [] };
    batch.values.push(value);
  }
  if (batch !== undefined) yield batch;
}
