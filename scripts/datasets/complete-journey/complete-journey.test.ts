import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ZhongtaiError } from '@zhongtai/runtime';
import { recordOf, schemaOf } from '@zhongtai/schemas';
import type { ApiEvent } from '../dataset.ts';
import { datasetCodes } from '../errors.ts';
import { type CompleteJourney, openCompleteJourney } from './open.ts';
import { publishedQuantitySum, publishedTotals } from './published.ts';
import type { PosSale } from './sale.ts';
import { shopClock } from './shop-time.ts';

// The real set, fetched by the first run into the folder that all runs share. On a machine without python3 and pip
// the project plays samples instead, and what is tested here is that it says so.
const cacheDirectory = join(import.meta.dirname, '../../../.local/datasets');

/** What one replay of the whole set shows. */
class Replayed {
  readonly ids = new Set<string>();
  readonly fieldsByType = new Map<string, Set<string>>();
  readonly faults = { order: 0, sequence: 0, amounts: 0 };
  readonly sums = { events: 0, lines: 0, net: 0, retail: 0, coupon: 0, match: 0, promoted: 0, quantity: 0 };
  firstSale = 0;
  lastSale = 0;
  readonly #sequences = new Map<string, number>();
  #lastTime = 0;

  add(event: ApiEvent): void {
    this.sums.events += 1;
    this.ids.add(event.event_id);
    if (event.event_time < this.#lastTime) this.faults.order += 1;
    this.#lastTime = event.event_time;
    const stream = event.source_stream ?? '';
    if (event.source_seq !== (this.#sequences.get(stream) ?? 0) + 1) this.faults.sequence += 1;
    this.#sequences.set(stream, event.source_seq ?? 0);
    if (isSale(event)) this.#addSale(event);
    if (this.sums.events % 50 === 0) this.#noteFields(event);
  }

  #addSale(sale: PosSale): void {
    const { sums, faults } = this;
    if (this.firstSale === 0) this.firstSale = sale.event_time;
    this.lastSale = sale.event_time;
    let net = 0;
    let gross = 0;
    for (const line of sale.lines) {
      net += line.net_price_cents;
      gross += line.list_price_cents;
      sums.quantity += line.qty;
      if (line.list_price_cents - line.discount_cents !== line.net_price_cents) faults.amounts += 1;
      if ((line.promo_kind === 'none') !== (line.discount_cents === 0)) faults.amounts += 1;
      if (line.discount_cents > 0) sums.promoted += 1;
      if (!('retail_discount_cents' in line)) continue;
      sums.retail += line.retail_discount_cents;
      sums.coupon += line.coupon_discount_cents;
      sums.match += line.match_discount_cents;
    }
    sums.lines += sale.lines.length;
    sums.net += net;
    if (net !== sale.net_cents || gross !== sale.gross_cents) faults.amounts += 1;
  }

  #noteFields(event: ApiEvent): void {
    const known = this.fieldsByType.get(event.event_type) ?? new Set();
    for (const name of Object.keys(event)) known.add(name);
    this.fieldsByType.set(event.event_type, known);
  }
}

function isSale(event: ApiEvent): event is PosSale {
  return event.event_type === 'pos_sale';
}

function unknownFields(recordName: string, used: Iterable<string>): string[] {
  const fields = new Set(schemaOf(recordName).fields.map((field) => field.name));
  return Array.from(used).filter((field) => !fields.has(field));
}

async function openOrLackPython(): Promise<CompleteJourney | ZhongtaiError> {
  try {
    return await openCompleteJourney({ cacheDirectory, log: () => undefined });
  } catch (error) {
    if (error instanceof ZhongtaiError && error.code === datasetCodes.pythonMissing) return error;
    throw error;
  }
}

const opened = await openOrLackPython();
if (opened instanceof ZhongtaiError) {
  describe('a machine without Python', () => {
    it('is told what installs it', () => {
      expect(opened.message).toMatch(/install it with: .*apt-get install -y python3 python3-pip/);
    });
  });
} else {
  describe('the Complete Journey set', () => {
    describeSet(opened);
  });
}

function describeSet(dataset: CompleteJourney): void {
  const replayed = new Replayed();

  beforeAll(async () => {
    for await (const batch of dataset.events()) for (const event of batch) replayed.add(event);
  }, 120_000);

  it('adds up to the published totals', async () => {
    expect(await dataset.totals()).toEqual(publishedTotals);
    expect(dataset.count).toBe(164_539);
    expect(dataset.countByType).toEqual({ pos_sale: 155_848, loyalty_changed: 2_102, message_sent: 6_589 });
  });

  it('is replayed as events that add up to the same', () => {
    expect(replayed.faults).toMatchObject({ amounts: 0 });
    expect(replayed.sums).toEqual({
      events: dataset.count,
      lines: publishedTotals.lines,
      net: publishedTotals.salesCents,
      retail: publishedTotals.retailDiscountCents,
      coupon: publishedTotals.couponDiscountCents,
      match: publishedTotals.matchDiscountCents,
      promoted: publishedTotals.promotedLines,
      quantity: publishedQuantitySum,
    });
  });

  it('is replayed with each event once, in order, numbered without gaps', () => {
    expect(replayed.ids.size).toBe(dataset.count);
    expect(replayed.faults).toMatchObject({ order: 0, sequence: 0 });
  });

  it('has its sales within 2017 by the clock of the shops', () => {
    expect([shopClock(replayed.firstSale), shopClock(replayed.lastSale)]).toEqual([
      '2017-01-01 06:53',
      '2017-12-31 23:01',
    ]);
  });

  it('speaks the contract: every field of every kind of event is one of its record', () => {
    expect([...replayed.fieldsByType.keys()].sort()).toEqual(['loyalty_changed', 'message_sent', 'pos_sale']);
    for (const [eventType, used] of replayed.fieldsByType) {
      expect(unknownFields(recordOf(eventType)?.record.name ?? '', used)).toEqual([]);
    }
  });

  it('has the master data: each once, every field in the contract', async () => {
    const counts: Record<string, number> = {};
    const unknown = new Set<string>();
    for await (const { topic, record, value } of dataset.reference()) {
      counts[topic] = (counts[topic] ?? 0) + 1;
      if ((counts[topic] ?? 0) % 50 === 1)
        for (const name of unknownFields(record, Object.keys(value))) unknown.add(name);
    }
    expect([...unknown]).toEqual([]);
    expect(counts).toEqual({
      'reference.store': 457,
      'reference.campaign': 27,
      'reference.promo_code': 1_197,
      'reference.member': 801,
      'reference.product': 92_331,
    });
  }, 30_000);
}
