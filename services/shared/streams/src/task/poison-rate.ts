import { StreamsError } from '../errors.ts';
import type { PoisonLimit } from './options.ts';

const DEFAULT_LIMIT: PoisonLimit = { share: 0.05, atLeast: 100, windowMs: 60_000 };

interface Span {
  readonly atMs: number;
  readonly records: number;
  readonly poison: number;
}

/** Some records are poison; many within a minute are a bad deploy, and going on would set all of them aside. */
export class PoisonRate {
  readonly #limit: PoisonLimit;
  #spans: Span[] = [];

  constructor(limit: PoisonLimit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  /** @throws StreamsError (fatal) when the share within the window is beyond the limit. */
  count(nowMs: number, records: number, poison: number): void {
    const { share, atLeast, windowMs } = this.#limit;
    this.#spans = this.#spans.filter(({ atMs }) => atMs > nowMs - windowMs);
    this.#spans.push({ atMs: nowMs, records, poison });
    const allPoison = this.#spans.reduce((sum, span) => sum + span.poison, 0);
    if (allPoison < atLeast) return;
    const all = this.#spans.reduce((sum, span) => sum + span.records, 0);
    if (allPoison <= share * all) return;
    const found = `${allPoison} of ${all} records within ${windowMs / 1000} s cannot be read or make a handler throw`;
    const message = `${found}: mend the deployment, or raise the limit to have them set aside`;
    throw new StreamsError('ZT-STREAMS-POISON-RATE', message);
  }
}
