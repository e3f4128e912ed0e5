import { setTimeout as sleep } from 'node:timers/promises';
import { topicsOf } from '@zhongtai/schemas';
import { sampleEvent } from '@zhongtai/schemas/sample';
import type { ApiEvent } from '../../datasets/index.ts';
import { sendEvents } from '../../datasets/index.ts';
import { watchVisibility } from '../../demo/visibility.ts';
import { countRows } from './arrivals.ts';
import type { Scene } from './scene.ts';

export interface Pace {
  /** Events a second from the sender to ClickHouse, with nothing killed. */
  readonly eventsPerSecond: number;
  readonly eventsSent: number;
  /** At `pacedPerSecond`: from the answer 202 until a reader of the highway has the event, and until SQL sees it. */
  readonly pacedPerSecond: number;
  readonly acceptToHighwayMs: { readonly p50: number; readonly p99: number; readonly samples: number };
  readonly acceptToVisibleMs: { readonly p50: number; readonly p99: number; readonly unseen: number };
}

/**
 * What most of a retailer's traffic consists of. An even mix of all 69 types would measure something else: the server
 * takes an insert for each type and partition, 276 of a few rows each.
 */
const usualTypes = ['pos_sale', 'page_viewed', 'beacon_sighted', 'payment_captured'];
const pacedPerSecond = 2000;
const batchSize = 20;
const warmUpMs = 3000;
const givenUpMs = 60_000;

/** How fast the line is when all of it works: events a second at full speed, then delays at a steady pace. */
export async function measurePace(scene: Scene, events: number, seconds: number): Promise<Pace> {
  const eventsPerSecond = await fullSpeed(scene, events);
  return { eventsPerSecond, eventsSent: events, pacedPerSecond, ...(await steady(scene, seconds)) };
}

function* samples(seed: number, size: number, count: number): Generator<ApiEvent[]> {
  const now = Date.now();
  const sample = (index: number): ApiEvent => {
    const made: unknown = sampleEvent(usualTypes[index % usualTypes.length] ?? '', { seed, index, now });
    return made as ApiEvent;
  };
  for (let made = 0; made < count; made += size) {
    yield Array.from({ length: size }, (_, n) => sample(made + n));
  }
}

async function fullSpeed({ platform, warehouse, seed }: Scene, events: number): Promise<number> {
  const batches = [...samples(seed + 1_000_003, 500, events)];
  const before = await countRows(warehouse);
  const startedAt = performance.now();
  await sendEvents({ url: platform.gatewayUrl, key: platform.secrets.apiKey, batches });
  while ((await countRows(warehouse)) < before + events) {
    if (performance.now() - startedAt > givenUpMs + events) throw new Error('events do not arrive');
    // The question itself costs the server a few hundredths of a second.
    await sleep(250);
  }
  return Math.round(events / ((performance.now() - startedAt) / 1000));
}

async function steady(scene: Scene, seconds: number) {
  const { platform, warehouse, highway, seed } = scene;
  const accepted = new Map<string, number>();
  const seen = new Map<string, number>();
  const reader = highway.subscribe<{ event_id: string }>({
    groupId: 'prove-main-pace',
    topics: topicsOf('highway'),
    fromBeginning: false,
    onBatch: async (records) => {
      const now = Date.now();
      for (const { event } of records) if (event !== null) seen.set(event.event_id, now);
    },
  });
  await reader.start();
  const watch = watchVisibility(warehouse);
  const beginAt = Date.now() + warmUpMs;
  await sendEvents({
    url: platform.gatewayUrl,
    key: platform.secrets.apiKey,
    batches: paced(samples(seed + 2_000_003, batchSize, pacedPerSecond * (seconds + warmUpMs / 1000))),
    onAccepted(sample) {
      if (sample.acceptedAt < beginAt) return;
      accepted.set(sample.eventId, sample.acceptedAt);
      if (accepted.size % 10 === 0) watch.offer(sample);
    },
  });
  const visible = await watch.finish();
  await reader.stop();
  const delays = [...accepted].flatMap(([id, at]) => {
    const seenAt = seen.get(id);
    return seenAt === undefined ? [] : [Math.max(0, seenAt - at)];
  });
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    acceptToHighwayMs: { p50: at(0.5), p99: at(0.99), samples: sorted.length },
    acceptToVisibleMs: { p50: visible.p50Ms, p99: visible.p99Ms, unseen: visible.unseen },
  };
}

/** Hands batches out at an even pace, whatever the answers take. */
async function* paced(batches: Iterable<ApiEvent[]>): AsyncGenerator<ApiEvent[]> {
  const startedAt = performance.now();
  let given = 0;
  for (const batch of batches) {
    const dueMs = (given / pacedPerSecond) * 1000 - (performance.now() - startedAt);
    if (dueMs > 1) await sleep(dueMs);
    given += batch.length;
    yield batch;
  }
}
