import { setTimeout as sleep } from 'node:timers/promises';
import { isFailure } from '@zhongtai/runtime';
import type { Warehouse } from '@zhongtai/warehouse';
import type { AcceptSample } from '../datasets/index.ts';

const POLL_MS = 50;
/** After the last acceptance, an event that nobody can read for this long counts as unseen. */
const GIVE_UP_MS = 60_000;

export interface VisibilityReport {
  readonly samples: number;
  /** Samples that never became visible: lost, or stuck. */
  readonly unseen: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Measures how long after its acceptance an event can be read by SQL, on samples, by asking until it is there. */
export interface VisibilityWatch {
  offer(sample: AcceptSample): void;
  /** Resolves when every sample offered so far has been seen, or none of the rest came for a minute. */
  finish(): Promise<VisibilityReport>;
}

export function watchVisibility(warehouse: Pick<Warehouse, 'query'>, giveUpMs = GIVE_UP_MS): VisibilityWatch {
  const waiting = new Map<string, AcceptSample>();
  const delaysMs: number[] = [];
  let finishing = false;
  let seenAt = performance.now();

  async function askOnce(): Promise<void> {
    const byType = Map.groupBy(waiting.values(), ({ eventType }) => eventType);
    for (const [eventType, samples] of byType) {
      const ids = samples.map(({ eventId }) => eventId);
      const seen = await warehouse.query<{ event_id: string }>(
        'SELECT DISTINCT event_id FROM {database:Identifier}.{table:Identifier} WHERE event_id IN {ids:Array(String)}',
        { database: 'highway', table: eventType, ids },
      );
      const now = Date.now();
      for (const { event_id: id } of seen) {
        const sample = waiting.get(id);
        if (sample === undefined) continue;
        delaysMs.push(now - sample.acceptedAt);
        waiting.delete(id);
        seenAt = performance.now();
      }
    }
  }

  async function watch(): Promise<void> {
    while (!finishing || (waiting.size > 0 && performance.now() - seenAt < giveUpMs)) {
      if (waiting.size > 0) await askIfThere();
      await sleep(POLL_MS);
    }
  }

  /** A ClickHouse that is just being restarted answers later; the events go on waiting meanwhile. */
  async function askIfThere(): Promise<void> {
    try {
      await askOnce();
    } catch (error) {
      if (!isFailure(error, 'retryable')) throw error;
    }
  }

  const watching = watch();
  // The failure is handed to whoever calls finish(); until then it must not end the process as unhandled.
  watching.catch(() => {});
  return {
    offer(sample) {
      waiting.set(sample.eventId, sample);
    },
    async finish() {
      seenAt = performance.now();
      finishing = true;
      await watching;
      const sorted = delaysMs.toSorted((a, b) => a - b);
      const at = (share: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { samples: sorted.length, unseen: waiting.size, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
  };
}
