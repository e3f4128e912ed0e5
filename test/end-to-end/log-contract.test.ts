import { afterAll, beforeAll } from '@jest/globals';
import { type Addresses, addresses } from './highway-fixture.ts';
import { open } from './highway-log-client.ts';
import { describeLogContract } from './log-contract.ts';

let at: Addresses;

beforeAll(async () => {
  at = await addresses(['kafka', 'registry']);
}, 120_000);

afterAll(() => at.stop(), 60_000);

const module = new URL('./highway-log-client.ts', import.meta.url).pathname;
describeLogContract({ name: 'the highway', open, module }, () => at.kafka);
