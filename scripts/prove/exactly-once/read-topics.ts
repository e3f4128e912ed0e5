import { type ConsoleOptions, type PrintedRecord, readCommitted } from './console-consumer.ts';
import type { Placed } from './expected.ts';
import {
  byCustomerTopic,
  type Closed,
  type Enriched,
  type Member,
  type Order,
  type Paid,
  type Payment,
  type Total,
  topicNames,
} from './records.ts';

/** An output record with the place of the input that it came from, where its header says so. */
export interface Output<T> extends Placed<T> {
  readonly from: string;
}

/** What a record that was set aside says of itself. */
export interface Aside {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly stage: string;
  readonly reason: string;
}

/** Everything that lies in the topics, as Kafka's own consumer sees it. */
export interface Topics {
  readonly orders: readonly Placed<Order>[];
  readonly payments: readonly Placed<Payment>[];
  readonly members: readonly Placed<Member>[];
  readonly byCustomer: readonly Placed<Paid>[];
  readonly echo: readonly Output<Order>[];
  readonly enriched: readonly Output<Enriched>[];
  readonly totals: readonly Output<Total>[];
  readonly closed: readonly Output<Closed>[];
  readonly late: readonly Output<Aside>[];
  readonly deadLetters: readonly Output<Aside>[];
}

/** How many consumers run at a time: each is a Java machine that mostly waits. */
const atOnce = 5;

export async function readTopics(
  reader: Pick<ConsoleOptions, 'broker' | 'classPath'>,
  log: (line: string) => void,
): Promise<Topics> {
  const gate = createGate(atOnce);
  const read = <T>(topic: string): Promise<Output<T>[]> =>
    gate(async () => {
      const records: Output<T>[] = [];
      const onRecord = (record: PrintedRecord) => records.push(parse<T>(topic, record));
      const count = await readCommitted({ ...reader, topic, onRecord });
      log(`${topic}: ${count} records`);
      return records;
    });
  const reading = {
    orders: read<Order>(topicNames.orders),
    payments: read<Payment>(topicNames.payments),
    members: read<Member>(topicNames.members),
    byCustomer: read<Paid>(byCustomerTopic),
    echo: read<Order>(topicNames.echo),
    enriched: read<Enriched>(topicNames.enriched),
    totals: read<Total>(topicNames.totals),
    closed: read<Closed>(topicNames.closed),
    late: read<Aside>(topicNames.late),
    deadLetters: read<Aside>(topicNames.deadLetters),
  };
  await Promise.all(Object.values(reading));
  return {
    orders: await reading.orders,
    payments: await reading.payments,
    members: await reading.members,
    byCustomer: await reading.byCustomer,
    echo: await reading.echo,
    enriched: await reading.enriched,
    totals: await reading.totals,
    closed: await reading.closed,
    late: await reading.late,
    deadLetters: await reading.deadLetters,
  };
}

/** Lets so many pieces of work run at a time. */
function createGate(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free--;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

function parse<T>(topic: string, { partition, offset, headers, key, value }: PrintedRecord): Output<T> {
  const from = /zt-origin:([^,]*)/.exec(headers)?.[1] ?? '';
  return { place: `${topic}/${partition}/${offset}`, key, from, value: JSON.parse(value) };
}
