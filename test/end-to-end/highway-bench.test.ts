import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Addresses, addresses } from './highway-fixture.ts';

let at: Addresses;

beforeAll(async () => {
  at = await addresses(['kafka', 'registry']);
}, 120_000);

afterAll(async () => {
  await at.stop();
}, 60_000);

async function figuresOf(name: string): Promise<unknown> {
  const script = new URL(`../../scripts/bench/${name}.ts`, import.meta.url).pathname;
  const env = { ...process.env, RECORDS: '4000', KAFKA_BROKERS: at.kafka, SCHEMA_REGISTRY_URL: at.registry };
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

it('the bench of the highway ends with one line of figures', async () => {
  expect(await figuresOf('highway')).toMatchObject({
    bench: 'highway',
    records: 4000,
    publish_per_second: expect.any(Number),
    read_raw_per_second: expect.any(Number),
    read_decoded_per_second: expect.any(Number),
  });
}, 60_000);

it('and so does the one of its transactions', async () => {
  expect(await figuresOf('highway-transactions')).toMatchObject({
    bench: 'highway-transactions',
    records: 4000,
    loop_per_second: expect.any(Number),
    calm_p50_ms: expect.any(Number),
  });
}, 60_000);
