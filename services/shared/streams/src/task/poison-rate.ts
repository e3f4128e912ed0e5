import { StreamsError } from '../errors.ts';

/** Above this share the application stops. */
export const POISON_SHARE = 0.05;
/** Fewer than this within the window are bad data, whatever their share. */
const AT_LEAST = 100;
const WINDOW_MS = 60_000;

interface Span {
  readonly atMs: number;
  readonly records: number;
  readonly poison: number;
}

/** Some records are poison; many within a minute are a bad deploy, and going on would set all of them aside. */
export class PoisonRate {
  readonly #share: number;
  #spans: Span[] = [];

  constructor(share = POISON_SHARE) {
    this.#share = share;
  }

  /** @throws StreamsError (fatal) when the share within the window is beyond the limit. */
  count(nowMs: number, records: number, poison: number): void {
    this.#spans = this.#spans.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    this.#spans.push({ atMs: nowMs, records, poison });
    const allPoison = this.#spans.reduce((sum, span) => sum + span.poison, 0);
    if (allPoison < AT_LEAST) return;
    const all = this.#spans.reduce((sum, span) => sum + span.records, 0);
    if (allPoison <= this.#share * all) return;
    const found = `${allPoison} of ${all} records within a minute cannot be read or make a handler throw`;
    const message = `${found}: mend the deployment, or raise the limit to have them set aside`;
    throw new StreamsError('ZT-STREAMS-POISON-RATE', message);
  }
}
