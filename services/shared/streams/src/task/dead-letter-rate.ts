import { StreamsError } from '../errors.ts';
import type { DeadLetterLimit } from './options.ts';

const DEFAULT_LIMIT: DeadLetterLimit = { share: 0.05, atLeast: 100, windowMs: 60_000 };

interface Span {
  readonly atMs: number;
  readonly records: number;
  readonly dead: number;
}

/** Some records are bad; many within a minute are a bad deploy, and going on would set all of them aside. */
export class DeadLetterRate {
  readonly #limit: DeadLetterLimit;
  #spans: Span[] = [];

  constructor(limit: DeadLetterLimit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  /** @throws StreamsError (fatal) when the share within the window is beyond the limit. */
  count(nowMs: number, records: number, dead: number): void {
    const { share, atLeast, windowMs } = this.#limit;
    this.#spans = this.#spans.filter(({ atMs }) => atMs > nowMs - windowMs);
    this.#spans.push({ atMs: nowMs, records, dead });
    const allDead = this.#spans.reduce((sum, span) => sum + span.dead, 0);
    if (allDead < atLeast) return;
    const all = this.#spans.reduce((sum, span) => sum + span.records, 0);
    if (allDead <= share * all) return;
    const message = `${allDead} of ${all} records within ${windowMs / 1000} s are dead letters: that is no bad data`;
    throw new StreamsError('ZT-STREAMS-DEAD-LETTER-RATE', 'fatal', message);
  }
}
