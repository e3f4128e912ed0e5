import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Stack, startStack } from '@zhongtai/local';
import { type InteropFigures, proveInterop } from '@zhongtai/scripts/prove/interop/prove-interop.ts';

/** The short form of `make prove-interop`: the same clients over fewer records. */
describe('outside clients, with no code of ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'outside-clients-'));
  let own: Stack | undefined;
  let figures: InteropFigures;

  async function endpoints(): Promise<Record<'kafka' | 'registry' | 'clickhouse', string>> {
    const { KAFKA_BROKERS: kafka, SCHEMA_REGISTRY_URL: registry, CLICKHOUSE_URL: clickhouse } = process.env;
    if (kafka !== undefined && registry !== undefined && clickhouse !== undefined) {
      return { kafka, registry: new URL(registry).origin, clickhouse };
    }
    const parts = ['kafka', 'registry', 'clickhouse'] as const;
    own = await startStack({ directory: join(folder, 'stack'), parts, ports: 'free' });
    return own.endpoints;
  }

  beforeAll(async () => {
    figures = await proveInterop({
      endpoints: await endpoints(),
      folder: join(folder, 'clients'),
      prefix: `outside-${process.pid}.`,
      perRecord: 3,
      log: () => {},
    });
  }, 240_000);

  afterAll(async () => {
    await own?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('publish and read every record type, and kafkajs and Java agree record for record', () => {
    const { kafka } = figures;
    expect(kafka.written).toBe(kafka.recordTypes * 3);
    expect(kafka).toMatchObject({
      recordTypesRead: kafka.recordTypes,
      readByKafkajs: kafka.written + kafka.writtenOutside,
      readByJava: kafka.written + kafka.writtenOutside,
      outsideAsSent: kafka.writtenOutside,
      samePartition: true,
      differences: [],
    });
  });

  it('use the ClickHouse front, and the analyst stays in the sandbox', () => {
    expect(figures.clickhouse.checks).toBeGreaterThan(30);
    expect(figures.clickhouse.attempts).toBeGreaterThan(40);
    expect(figures.faults).toEqual([]);
  });
});
