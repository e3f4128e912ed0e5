import { randomFillSync } from 'node:crypto';
import type { Highway } from '@zhongtai/highway';
import { recordOf, topics } from '@zhongtai/schemas';
import { sampleEvent } from '@zhongtai/schemas/sample';
import { encodeWindowKey } from '../../services/shared/streams/src/store/window-key.ts';

export interface Preloaded {
  readonly seconds: number;
}

export interface SentEvents {
  readonly events: number;
  readonly distinct: number;
}

export const idsTopic = 'admit.once-order.ids.changelog';
const partitions = 4;
const batch = 20_000;
const segmentMs = 12 * 60 * 60 * 1000;
const segments = 3;

/** Random ids as the store of the second stage would have written them, spread over all live segments. */
export async function preloadIds(highway: Highway, ids: number): Promise<Preloaded> {
  const started = performance.now();
  const log = highway.createStreamLog();
  const now = Date.now();
  const youngest = Math.floor(now / segmentMs) * segmentMs;
  const fill = async (partition: number): Promise<void> => {
    const producer = log.createProducer(`bench-preload.${partition}`);
    await producer.fence();
    for (let left = Math.ceil(ids / partitions); left > 0; left -= batch) {
      const random = randomFillSync(Buffer.allocUnsafe(32 * Math.min(batch, left)));
      const records = Array.from({ length: Math.min(batch, left) }, (_, n) => {
        const id = random.toString('base64url', 32 * n, 32 * n + 16);
        const key = encodeWindowKey(id, youngest - (n % segments) * segmentMs, 0);
        const value = random.subarray(32 * n + 16, 32 * n + 32);
        return { topic: idsTopic, partition, key, value, timestampMs: now };
      });
      await producer.commit(records);
    }
    await producer.close();
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => fill(partition)));
  return { seconds: (performance.now() - started) / 1000 };
}

/** Sales on `inbound.order`, each twentieth of them sent twice. */
export async function sendEvents(highway: Highway, events: number, now: number): Promise<SentEvents> {
  const topic = topics['inbound.order'];
  const found = recordOf('pos_sale');
  if (topic === undefined || found === undefined) throw new Error('the catalogue lacks the sale');
  await highway.codec.prepare([topic]);
  const sale = { ...sampleEvent('pos_sale', { now }), link: null, source: 'order', ingest_time: now };
  const publisher = highway.createPublisher();
  await publisher.start();
  let distinct = 0;
  for (let from = 0; from < events; from += batch) {
    const messages = [];
    for (let n = from; n < Math.min(events, from + batch); n += 1) {
      const isRepeat = n % 20 === 19;
      if (!isRepeat) distinct += 1;
      const number = isRepeat ? n - 1 : n;
      const tail = number.toString(16).padStart(12, '0');
      const event = {
        ...sale,
        event_id: `${now
          .toString(16)
          .padStart(12, '0')
          .replace(/^(.{8})/, '$1-')}-7000-8000-${tail}`,
      };
      const value = highway.codec.encode(topic.name, found.record.name, event);
      messages.push({ topic: topic.name, key: `order-${number}`, value, timestampMs: now });
    }
    await publisher.publish(messages);
  }
  await publisher.stop();
  return { events, distinct };
}
