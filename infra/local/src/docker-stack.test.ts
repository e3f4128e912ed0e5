import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig } from './clickhouse-front/config.ts';
import { composeFile } from './compose.ts';
import { endpointsOf, variablesOf } from './docker-stack.ts';
import { partNames } from './part.ts';
import { defaultPorts } from './ports.ts';
import { flavourOf, partsOf } from './stack.ts';

interface ComposeFile {
  configs: Record<string, { content: string }>;
  services: Record<string, { image: string; ports: string[]; healthcheck?: object; volumes?: string[] }>;
  volumes: Record<string, null>;
}

describe('compose.yaml', () => {
  async function read(): Promise<ComposeFile> {
    return parse(await readFile(composeFile, 'utf8'));
  }

  it('has every part, in a pinned version', async () => {
    const { services } = await read();
    expect(Object.keys(services).toSorted()).toEqual(partNames.toSorted());
    for (const { image } of Object.values(services)) expect(image).toMatch(/:\d+\.\d+(\.\d+)*$/);
  });

  it('offers the addresses of the embedded stack, to this machine only', async () => {
    const { services } = await read();
    for (const name of partNames) {
      const variable = `${name.toUpperCase()}_PORT`;
      const [port] = services[name]?.ports ?? [];
      expect(port?.startsWith(`127.0.0.1:\${${variable}:-${defaultPorts[name]}}:`)).toBe(true);
    }
  });

  it('keeps data in volumes that it declares', async () => {
    const { services, volumes } = await read();
    const used = Object.values(services).flatMap((service) => service.volumes ?? []);
    expect(used.map((volume) => volume.split(':')[0])).toEqual(Object.keys(volumes));
  });

  it('gives the analyst nothing but reading, within the limits of the embedded front', async () => {
    const { configs } = await read();
    const users = configs['clickhouse-users']?.content ?? '';
    const limit = (name: string) => Number(new RegExp(`<${name}>(\\d+)</${name}>`).exec(users)?.[1]);
    const { analyst } = readConfig({ CLICKHOUSE_FRONT_DIRECTORY: 'd' });
    expect(limit('readonly')).toBe(1);
    expect([limit('max_execution_time'), limit('max_memory_usage')]).toEqual([
      analyst.seconds,
      analyst.memoryBytes,
    ]);
    expect([limit('max_result_rows'), limit('max_rows_to_read')]).toEqual([
      analyst.resultRows,
      analyst.readRows,
    ]);
    const grants = [...users.matchAll(/<query>(.*)<\/query>/g)].map(([, grant]) => grant);
    expect(grants).toEqual(['highway', 'reference', 'mart'].map((name) => `GRANT SELECT ON ${name}.*`));
  });

  it('runs the same Kafka and registry as the embedded stack', async () => {
    const { services } = await read();
    const pom = await readFile(new URL('../pom.xml', import.meta.url), 'utf8');
    const version = (name: string) => new RegExp(`<${name}.version>(.*)</`).exec(pom)?.[1];
    expect(services['kafka']?.image).toBe(`apache/kafka:${version('kafka')}`);
    expect(services['registry']?.image).toBe(`apicurio/apicurio-registry:${version('registry')}`);
  });
});

describe('a stack in Docker', () => {
  const ports = new Map([
    ['kafka', 1],
    ['registry', 2],
  ]);

  it('names its ports as compose.yaml reads them', () => {
    expect(variablesOf(ports)).toEqual({ KAFKA_PORT: '1', REGISTRY_PORT: '2' });
  });

  it('has addresses of the same form', () => {
    expect(endpointsOf(['kafka', 'registry'], ports)).toEqual({
      kafka: '127.0.0.1:1',
      registry: 'http://127.0.0.1:2',
      postgres: '',
      clickhouse: '',
    });
  });
});

describe('ZHONGTAI_STACK', () => {
  it('is embedded when nothing is said, and refuses what it does not know', () => {
    expect(flavourOf(undefined)).toBe('embedded');
    expect(flavourOf('compose')).toBe('compose');
    expect(() => flavourOf('swarm')).toThrow(/may be embedded, compose, containers/);
  });
});

describe('ZHONGTAI_PARTS', () => {
  it('is all of them when nothing is said, and refuses what it does not know', () => {
    expect(partsOf(undefined)).toEqual(partNames);
    expect(partsOf('clickhouse, kafka')).toEqual(['kafka', 'clickhouse']);
    expect(() => partsOf('kafka,foo')).toThrow(/names foo; there are kafka/);
  });
});
