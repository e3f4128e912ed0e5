import type { LogClient } from './log-client.ts';
import { out } from './log-contract-fixture.ts';

/** A process that begins a transaction; the gate before the broker does not let it commit. */
const [module = '', brokers = '', id = '', topic = '', partition = '0'] = process.argv.slice(2);
const { open }: { open(brokers: string): LogClient } = await import(module);
const producer = open(brokers).createProducer(id);
await producer.fence();
process.send?.('fenced');
await producer.commit([out({ topic, partition: Number(partition) }, 'of the killed process')]);
