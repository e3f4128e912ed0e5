import { inLanes } from '../../datasets/send/lanes.ts';
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

type Reading = { readonly [Kind in keyof Topics]: Topics[Kind][number][] };

const names: Readonly<Record<keyof Topics, string>> = { ...topicNames, byCustomer: byCustomerTopic };

/** How many consumers run at a time: each is a Java machine that mostly waits. */
const atOnce = 5;

export async function readTopics(
  reader: Pick<ConsoleOptions, 'broker' | 'classPath'>,
  log: (line: string) => void,
): Promise<Topics> {
  const topics: Reading = {
    orders: [],
    payments: [],
    members: [],
    byCustomer: [],
    echo: [],
    enriched: [],
    totals: [],
    closed: [],
    late: [],
    deadLetters: [],
  };
  await inLanes(Object.entries(topics), atOnce, new AbortController(), async ([kind, records]) => {
    const topic = names[kind as keyof Topics];
    const onRecord = (record: PrintedRecord) => records.push(parse<never>(topic, record));
    const count = await readCommitted({ ...reader, topic, onRecord });
    log(`${topic}: ${count} records`);
  });
  return topics;
}

/** What the proof's own processes wrote is taken at its word. */
function parse<T>(topic: string, { partition, offset, headers, key, value }: PrintedRecord): Output<T> {
  const from = /zt-origin:([^,]*)/.exec(headers)?.[1] ?? '';
  return { place: `${topic}/${partition}/${offset}`, key, from, value: JSON.parse(value) };
}
