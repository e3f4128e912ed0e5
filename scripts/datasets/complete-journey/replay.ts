import type { ApiEvent, EventsOptions } from '../dataset.ts';
import { type MessageSent, mapContact } from './contact.ts';
import type { CampaignRow, Journey } from './journey.ts';
import { type LoyaltyChanged, mapRedemption } from './redemption.ts';
import { mapSale, type PosSale } from './sale.ts';
import { startOfShopDay } from './shop-time.ts';

type JourneyEvent = PosSale | LoyaltyChanged | MessageSent;

/** One event that has its place in time and its number in its stream, and is mapped only if someone wants it. */
interface Step {
  readonly time: number;
  readonly event: () => JourneyEvent;
}

const DEFAULT_BATCH = 500;

/** All events in order of event_time; at one instant contacts come first, then redemptions, then sales. */
export async function* replayJourney(
  journey: Journey,
  { from = 0, limit = Number.POSITIVE_INFINITY, batchSize = DEFAULT_BATCH }: EventsOptions = {},
): AsyncGenerator<ApiEvent[]> {
  let passed = 0;
  let given = 0;
  let batch: ApiEvent[] = [];
  for (const step of inOrderOfTime([contactSteps(journey), redemptionSteps(journey), saleSteps(journey)])) {
    if (given >= limit) break;
    passed += 1;
    if (passed <= from) continue;
    given += 1;
    batch.push(step.event());
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function* inOrderOfTime(streams: readonly Generator<Step>[]): Generator<Step> {
  const heads = streams.map((stream) => ({ stream, step: takeFrom(stream) }));
  for (;;) {
    let earliest: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.step === undefined) continue;
      if (earliest?.step === undefined || head.step.time < earliest.step.time) earliest = head;
    }
    if (earliest?.step === undefined) return;
    yield earliest.step;
    earliest.step = takeFrom(earliest.stream);
  }
}

function takeFrom(stream: Generator<Step>): Step | undefined {
  const next = stream.next();
  return next.done ? undefined : next.value;
}

function* contactSteps({ campaigns, contacts }: Journey): Generator<Step> {
  const byNumber = new Map<number, CampaignRow>(campaigns.map((campaign) => [campaign.campaign, campaign]));
  const known = contacts.flatMap((row) => {
    const campaign = byNumber.get(row.campaign);
    return campaign === undefined ? [] : [{ row, campaign }];
  });
  known.sort((left, right) => left.campaign.startDay - right.campaign.startDay);
  for (const [index, { row, campaign }] of known.entries()) {
    yield { time: startOfShopDay(campaign.startDay), event: () => mapContact(row, campaign, index + 1) };
  }
}

function* redemptionSteps({ redemptions }: Journey): Generator<Step> {
  const sorted = redemptions.toSorted((left, right) => left.day - right.day);
  for (const [index, row] of sorted.entries()) {
    yield { time: startOfShopDay(row.day), event: () => mapRedemption(row, index + 1) };
  }
}

/** Each store numbers its own sales, as tills do: a lost sale is a gap in its store's numbers. */
function* saleSteps({ lines }: Journey): Generator<Step> {
  const sold = new Map<number, number>();
  for (let first = 0; first < lines.count; ) {
    let end = first + 1;
    while (end < lines.count && lines.basket[end] === lines.basket[first]) end += 1;
    const store = lines.store[first] ?? 0;
    const sequence = (sold.get(store) ?? 0) + 1;
    sold.set(store, sequence);
    const start = first;
    const stop = end;
    yield { time: lines.time[first] ?? 0, event: () => mapSale(lines, start, stop, sequence) };
    first = end;
  }
}
