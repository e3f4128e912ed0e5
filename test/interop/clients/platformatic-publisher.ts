/**
 * An outside publisher of @platformatic/kafka that writes transactions, one behind the other: each is committed or
 * aborted. Its default partitioner is not Java's; the one named for compatibility is.
 */
import { compatibilityPartitioner, Producer, stringSerializers } from '@platformatic/kafka';
import { readJob, type TextRecord } from './platformatic-common.ts';

interface Job {
  brokers: string[];
  transactionalId: string;
  transactions: { commit: boolean; records: TextRecord[] }[];
}

const job = readJob<Job>();
const producer = new Producer({
  clientId: 'outside-publisher',
  bootstrapBrokers: job.brokers,
  serializers: stringSerializers,
  transactionalId: job.transactionalId,
  idempotent: true,
  partitioner: compatibilityPartitioner,
  compression: 'zstd',
  retryDelay: 20,
});
for (const { commit, records } of job.transactions) {
  const transaction = await producer.beginTransaction();
  await transaction.send({
    messages: records.map(({ header, ...record }) => ({ ...record, headers: { outside: header } })),
  });
  await (commit ? transaction.commit() : transaction.abort());
}
await producer.close();
