import type { Highway, OutMessage } from '@zhongtai/highway';
import { recordNamed, schemaText } from '@zhongtai/schemas';
import { ByteWriter, compilePlan, type RowPlan } from '@zhongtai/warehouse';
import type { RecordSource } from './sink-records.ts';

/** Rows of one raw insert: what the sink would send in one cut. */
export interface RawInsert {
  readonly table: string;
  readonly plan: RowPlan;
  readonly body: Buffer;
  readonly rows: number;
}

export interface Loaded {
  readonly inserts: readonly RawInsert[];
  readonly avroBytes: number;
  readonly rowBytes: number;
  readonly lines: number;
}

const rowsPerInsert = 50_000;
const bytesPerInsert = 16 * 1024 * 1024;
const perRound = 2000;

/** Collects the rows of one table in bodies as large as the sink's cuts. */
function collector(recordName: string, table: string) {
  if (recordNamed(recordName) === undefined) throw new Error(`the catalogue lacks ${recordName}`);
  const plan = compilePlan({
    kind: 'event',
    database: 'highway',
    table,
    schemaText: schemaText(recordName),
    anchorRank: (_, role) => (role === 'actor' ? 1 : undefined),
  });
  const inserts: RawInsert[] = [];
  let writer = new ByteWriter(1 << 20);
  let rows = 0;

  function flush(): void {
    if (rows === 0) return;
    inserts.push({ table, plan, body: Buffer.from(writer.bytes()), rows });
    writer = new ByteWriter(1 << 20);
    rows = 0;
  }

  return {
    add(value: Buffer, offset: number): void {
      plan.encode(value, { partition: 0, offset, key: null }, writer);
      rows += 1;
      if (rows >= rowsPerInsert || writer.position >= bytesPerInsert) flush();
    },
    end(): readonly RawInsert[] {
      flush();
      return inserts;
    },
  };
}

/** Puts `records` on their topics, a quarter of them sales with lines, and keeps the same rows as raw inserts. */
export async function preload(highway: Highway, source: RecordSource, records: number): Promise<Loaded> {
  const sales = collector('zhongtai.order.PosSale', 'pos_sale');
  const messages = collector('zhongtai.marketing.MessageSent', 'message_sent');
  const publisher = highway.createPublisher();
  await publisher.start();
  let avroBytes = 0;
  let lines = 0;
  let waiting: Promise<unknown> = Promise.resolve();
  for (let from = 0; from < records; from += perRound) {
    const now = Date.now();
    const round: OutMessage[] = [];
    for (let n = from; n < Math.min(records, from + perRound); n++) {
      const isSale = n % 4 === 0;
      const message = isSale ? source.sale(n, now) : source.message(n, now);
      if (message.value === null) continue;
      round.push(message);
      avroBytes += message.value.length;
      if (isSale) lines += 1 + ((n * 7919) % 17);
      (isSale ? sales : messages).add(message.value, n);
    }
    await waiting;
    waiting = publisher.publish(round);
  }
  await waiting;
  await publisher.stop();
  const inserts = interleave(sales.end(), messages.end());
  return { inserts, avroBytes, rowBytes: inserts.reduce((sum, { body }) => sum + body.length, 0), lines };
}

function interleave<T>(a: readonly T[], b: readonly T[]): T[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]])
    .flat()
    .filter((each) => each !== undefined);
}
