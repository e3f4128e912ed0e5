/**
 * An outside reader of @platformatic/kafka that reads plainly, without regard to transactions, from the beginning
 * to the present end; one JSON line a record.
 */
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import { readJob } from './platformatic-common.ts';

interface Job {
  brokers: string[];
  topic: string;
  /** The job knows how many there are: control markers leave holes in the offsets. */
  records: number;
}

const job = readJob<Job>();
const consumer = new Consumer({
  clientId: 'outside-reader',
  bootstrapBrokers: job.brokers,
  groupId: `outside-${process.pid}-${Date.now()}`,
  deserializers: stringDeserializers,
  isolationLevel: 0,
  autocommit: false,
});
const stream = await consumer.consume({ topics: [job.topic], mode: 'earliest' });
let read = 0;
for await (const { partition, offset, key, value, timestamp, headers } of stream) {
  const line = { partition, offset: Number(offset), key, value, timestampMs: Number(timestamp) };
  console.log(JSON.stringify({ ...line, headers: Object.fromEntries(headers) }));
  if (++read === job.records) break;
}
await consumer.close(true);
