import type { LogClient } from './log-client.ts';
import { Member } from './log-contract-member.ts';

/** A process that owns tasks and has nothing to do; tells the share of a core that this takes. */
const [module = '', brokers = '', groupId = '', topic = ''] = process.argv.slice(2);
const settleMs = 1_500;
const measuredMs = 3_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const { open }: { open(brokers: string): LogClient } = await import(module);
const client = open(brokers);
const member = new Member(client, { groupId, topics: [topic], instance: 'idle' });
await member.group.start();
await client.createProducer(groupId).fence();
await pause(settleMs);
const cpu = process.cpuUsage();
await pause(measuredMs);
const { user, system } = process.cpuUsage(cpu);
process.send?.({ tasks: member.tasks?.length, share: (user + system) / 1_000 / measuredMs });
process.exit();
