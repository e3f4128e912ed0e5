import { setTimeout as sleep } from 'node:timers/promises';
import type { Highway, OutMessage, Publisher } from '@zhongtai/highway';
import { seeded } from '../main/seeded.ts';
import { type Member, type Order, type Payment, topicNames } from './records.ts';

const keys = 1_500;
const customers = 300;
const everyMs = 50;
/** Records come this much later than they happened, at most. */
const jitterMs = 4_000;

export interface LoadOptions {
  readonly highway: Highway;
  readonly seed: number;
  readonly ordersPerSecond: number;
  readonly virtualNow: () => number;
}

export interface Load {
  readonly sent: number;
  stop(): Promise<void>;
  /**
   * Writes what moves every task's stream time on so far that all windows close. Between the steps `settled` waits
   * until everything is worked: a task that runs ahead would make the others' records late.
   */
  closeWindows(graceMs: number, settled: () => Promise<void>): Promise<void>;
}

/**
 * Orders, payments and members at a steady rate. What a broken connection made the publisher send twice is simply
 * there twice: the proof reads back what the topics hold and expects effects of just that.
 */
export function startLoad({ highway, seed, ordersPerSecond, virtualNow }: LoadOptions): Load {
  const random = seeded(seed);
  const publisher = highway.createPublisher({ timeoutMs: 30_000 });
  const sequences = new Map<string, number>();
  let sent = 0;
  let version = 0;
  let stopped = false;

  const message = (topic: string, key: string, value: Order | Payment | Member, timestampMs: number) => {
    sent++;
    return { topic, key, value: Buffer.from(JSON.stringify(value)), timestampMs } satisfies OutMessage;
  };

  function orderOf(key: string, customer: string, ingestMs: number, timeMs: number): OutMessage[] {
    const sequence = (sequences.get(key) ?? 0) + 1;
    sequences.set(key, sequence);
    const id = `${key}-${sequence}`;
    const made = [message(topicNames.orders, key, { id, customer, sequence, timeMs }, ingestMs)];
    for (let n = Math.floor(random() * 3); n > 0; n--) {
      const paidAt = Math.min(ingestMs, timeMs + Math.floor(random() * 2 * jitterMs) - jitterMs);
      made.push(message(topicNames.payments, key, { id: `${id}-p${n}`, timeMs: paidAt }, ingestMs));
    }
    return made;
  }

  function slice(): OutMessage[] {
    const ingestMs = virtualNow();
    const made: OutMessage[] = [];
    for (let n = (ordersPerSecond * everyMs) / 1000; n > 0; n--) {
      const key = `k${Math.floor(random() * keys)}`;
      const customer = `c${Math.floor(random() * customers)}`;
      made.push(...orderOf(key, customer, ingestMs, ingestMs - Math.floor(random() * jitterMs)));
    }
    const member = `c${Math.floor(random() * customers)}`;
    version++;
    made.push(message(topicNames.members, member, { version, timeMs: ingestMs }, ingestMs));
    return made;
  }

  async function run(): Promise<void> {
    await publisher.start();
    while (!stopped) {
      const next = sleep(everyMs);
      await publishAll(publisher, slice());
      await next;
    }
  }
  const running = run();

  return {
    get sent() {
      return sent;
    },
    async stop() {
      stopped = true;
      await running;
    },
    async closeWindows(graceMs, settled) {
      // In steps below the fifteen minutes after which a timer counts as stale.
      const from = virtualNow();
      const stepMs = 300_000;
      for (let aheadMs = stepMs; aheadMs <= graceMs + 2 * stepMs; aheadMs += stepMs) {
        const atMs = from + aheadMs;
        const made = Array.from({ length: 200 }, (_, n) => {
          const customer = `flush${n % 100}`;
          const id = `flush${n}-${aheadMs}`;
          return [
            message(
              topicNames.orders,
              `flush${n}`,
              { id, customer, sequence: aheadMs / stepMs, timeMs: atMs },
              atMs,
            ),
            message(topicNames.payments, `flush${n}`, { id: `${id}-p`, timeMs: atMs }, atMs),
          ];
        });
        await publishAll(publisher, made.flat());
        await settled();
      }
      await publisher.stop();
    },
  };
}

/** A broker that is being killed is waited for: the source sends again until everything is acknowledged. */
async function publishAll(publisher: Publisher, messages: readonly OutMessage[]): Promise<void> {
  for (;;) {
    try {
      await publisher.publish(messages);
      return;
    } catch {
      await sleep(200);
    }
  }
}
