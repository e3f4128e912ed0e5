import { expectedBuckets, expectedPairs, multisetDifference, type Placed, pairName } from './expected.ts';
import type { Output, Topics } from './read-topics.ts';
import type { Enriched, Paid, Total } from './records.ts';

const isFlush = (key: string): boolean => key.startsWith('flush');

export interface Figures {
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly late: number;
}

/** Compares what Kafka's own consumer saw with what the inputs ask for. What does not hold is added to `faults`. */
export function check(topics: Topics, lateWanted: 'none' | 'some', faults: string[]): Figures {
  let lost = 0;
  let doubled = 0;
  const compare = (what: string, wanted: Iterable<string>, found: Iterable<string>) => {
    const { missing, extra, examples } = multisetDifference(wanted, found);
    lost += missing;
    doubled += extra;
    if (missing + extra > 0)
      faults.push(`${what}: ${missing} lost, ${extra} too many: ${examples.join(', ')}`);
  };

  compare('echo', topics.orders.map(orderText), topics.echo.map(orderText));
  const late = new Set(topics.late.map(({ value }) => `${value.topic}/${value.partition}/${value.offset}`));
  if (late.size !== topics.late.length) faults.push(`${topics.late.length - late.size} late records twice`);
  const pairs = expectedPairs(topics.orders, topics.payments, late);
  compare(
    'window join',
    [...pairs.values()].map(pairName),
    topics.byCustomer.map(({ value }) => pairName(value)),
  );
  compare('table join', topics.byCustomer.map(pairText), topics.enriched.map(pairText));
  compare(
    'effects by input',
    topics.byCustomer.map(({ place }) => place),
    topics.enriched.map(({ from }) => from),
  );
  compare('totals', runningCounts(topics.enriched), topics.totals.map(totalText));
  const onTime = topics.enriched.filter(({ from, key }) => !late.has(from) && !isFlush(key));
  compare(
    'timers',
    [...expectedBuckets(onTime.map(({ value }) => value))].map(([bucket, count]) => `${bucket}=${count}`),
    topics.closed
      .filter(({ key }) => !isFlush(key))
      .map(({ value }) => `${value.customer}@${value.bucketMs}=${value.count}`),
  );
  const outOfOrder =
    disorder('echo', topics.orders, topics.echo, faults) +
    descents(topics.totals, faults) +
    versions(topics.enriched, faults);
  if (topics.deadLetters.length > 0)
    faults.push(`${topics.deadLetters.length} dead letters: ${topics.deadLetters[0]?.value.reason}`);
  if (lateWanted === 'none' && late.size > 0) faults.push(`${late.size} records were late within the grace`);
  if (lateWanted === 'some' && late.size === 0)
    faults.push('no record was late: the small grace proves nothing');
  return {
    lost,
    doubled,
    outOfOrder,
    inputs: topics.orders.length + topics.payments.length + topics.members.length,
    outputs: topics.echo.length + topics.enriched.length + topics.totals.length + topics.closed.length,
    late: late.size,
  };
}

function orderText({ key, value }: Placed<{ readonly id: string }>): string {
  return `${key}:${value.id}`;
}

function pairText({ key, value }: Placed<Paid>): string {
  return `${key}:${pairName(value)}`;
}

function totalText({ key, value }: Output<Total>): string {
  return `${key}=${value.count}`;
}

function runningCounts(enriched: readonly Output<Enriched>[]): string[] {
  const counts = new Map<string, number>();
  return enriched.map(({ key }) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return `${key}=${count}`;
  });
}

/** Records of one key have to come out in the order in which they went in. */
function disorder(
  what: string,
  inputs: readonly Placed<{ readonly id: string }>[],
  outputs: readonly Placed<{ readonly id: string }>[],
  faults: string[],
): number {
  const byKey = Map.groupBy(outputs, ({ key }) => key);
  let wrong = 0;
  for (const [key, own] of Map.groupBy(inputs, (record) => record.key)) {
    const found = byKey.get(key) ?? [];
    if (own.some(({ value }, n) => value.id !== found[n]?.value.id)) wrong++;
  }
  if (wrong > 0) faults.push(`${what}: ${wrong} keys out of order`);
  return wrong;
}

/** A running count goes up by one each time. */
function descents(totals: readonly Output<Total>[], faults: string[]): number {
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { key, value } of totals) {
    if (value.count !== (last.get(key) ?? 0) + 1) wrong++;
    last.set(key, value.count);
  }
  if (wrong > 0) faults.push(`totals: ${wrong} counts out of order`);
  return wrong;
}

/** A table only grows newer: no customer's record may be joined with an older version than the one before it. */
function versions(enriched: readonly Output<Enriched>[], faults: string[]): number {
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { key, value } of enriched) {
    if (value.version < (last.get(key) ?? 0)) wrong++;
    last.set(key, Math.max(value.version, last.get(key) ?? 0));
  }
  if (wrong > 0) faults.push(`table join: ${wrong} records joined with an older version than before`);
  return wrong;
}
