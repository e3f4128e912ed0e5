import { setTimeout as sleep } from 'node:timers/promises';
import type { Highway } from '@zhongtai/highway';
import type { Warehouse } from '@zhongtai/warehouse';
import {
  type Dataset,
  type ReferenceReport,
  type SendReport,
  sendEvents,
  sendReference,
} from '../datasets/index.ts';
import type { Platform } from '../platform/platform.ts';
import { countRows, type Hop, type Marks, markEnds, repeatsDropped, topicsOf } from './tie-out.ts';
import { type VisibilityReport, watchVisibility } from './visibility.ts';

/** ClickHouse may lag behind the highway for this long without any progress before the demo gives up. */
const STALLED_MS = 60_000;
const PROGRESS_MS = 1_000;

export interface ReplayOptions {
  readonly platform: Platform;
  readonly dataset: Dataset;
  readonly highway: Highway;
  readonly warehouse: Warehouse;
  readonly say: (line?: string) => void;
}

/** What the run did, hop by hop. */
export interface ReplayOutcome {
  readonly reference: ReferenceReport;
  readonly sent: SendReport;
  readonly hops: readonly Hop[];
  /** Accepted events that were on the highway already: sent twice now, or in an earlier run. */
  readonly repeats: number;
  readonly visibility: VisibilityReport;
  /** From the first request until the last row was visible. */
  readonly elapsedMs: number;
}

/** Sends the reference data, then every event, and waits until ClickHouse has all that was accepted. */
export async function replay(options: ReplayOptions): Promise<ReplayOutcome> {
  const { platform, dataset, highway, warehouse, say } = options;
  const target = { url: platform.gatewayUrl, key: platform.secrets.apiKey };
  const eventTypes = Object.keys(dataset.countByType);
  const topics = topicsOf(eventTypes);

  say(`主檔 reference data …`);
  const reference = await sendReference({ ...target, records: dataset.reference() });
  say(`  ${reference.accepted.toLocaleString('en')} records accepted\n`);

  const before = await markEnds(highway, topics);
  const droppedBefore = await repeatsDropped(platform.factoryUrl);
  const repeats = async () => (await repeatsDropped(platform.factoryUrl)) - droppedBefore;
  const watch = watchVisibility(warehouse);
  const startedAt = performance.now();
  say(`重播 replay: ${dataset.count.toLocaleString('en')} events of ${dataset.name}`);
  const sent = await sendEvents({
    ...target,
    batches: dataset.events(),
    progressEveryMs: PROGRESS_MS,
    onAccepted: watch.offer,
    onProgress: (counts) => {
      const perSecond = (counts.accepted / Math.max(counts.elapsedMs, 1)) * 1000;
      const share = Math.round((100 * counts.sent) / dataset.count);
      say(
        `  ${String(share).padStart(3)} %  送出 sent ${counts.sent.toLocaleString('en')}  收下 accepted ${counts.accepted.toLocaleString('en')}  ${Math.round(perSecond).toLocaleString('en')} events/s`,
      );
    },
  });
  const hops = await untilVisible({ warehouse, eventTypes, before, accepted: sent.accepted, repeats, say });
  const elapsedMs = performance.now() - startedAt;
  return { reference, sent, hops, repeats: await repeats(), visibility: await watch.finish(), elapsedMs };
}

interface UntilVisibleOptions {
  readonly warehouse: Warehouse;
  readonly eventTypes: readonly string[];
  readonly before: Marks;
  readonly accepted: number;
  readonly repeats: () => Promise<number>;
  readonly say: (line?: string) => void;
}

/** Waits while rows still arrive. Returns the counts as they are when all are there, or when nothing moves any more. */
async function untilVisible({
  warehouse,
  eventTypes,
  before,
  accepted,
  repeats,
  say,
}: UntilVisibleOptions): Promise<Hop[]> {
  let most = -1;
  let movedAt = performance.now();
  for (;;) {
    const hops = await Promise.all(eventTypes.map((eventType) => countRows(warehouse, eventType, before)));
    const there = hops.reduce((sum, { rows, doubledRows }) => sum + rows - doubledRows, 0);
    const records = accepted - (await repeats());
    if (there > most) {
      most = there;
      movedAt = performance.now();
      say(`  ClickHouse ${there.toLocaleString('en')} / ${records.toLocaleString('en')}`);
    }
    if (there >= records || performance.now() - movedAt > STALLED_MS) return hops;
    await sleep(PROGRESS_MS / 4);
  }
}
