import { describe, expect, it } from '@jest/globals';
import { createVaultCipher } from '@zhongtai/domain';
import type { Topology } from '@zhongtai/streams';
import { applicationNamed, applications, writersOf } from './applications.ts';
import { parseFactoryConfig, vaultKeyOf } from './config.ts';

const config = parseFactoryConfig({ TOKEN_SECRET: 's'.repeat(32), VAULT_KEY: 'a'.repeat(64) });
const cipher = createVaultCipher(vaultKeyOf(config));
const unused = (): never => {
  throw new Error('nothing is run here');
};
const codec = {
  prepare: unused,
  encode: unused,
  typeOf: unused,
  decode: unused,
  schemaIdOf: unused,
  unlearned: unused,
  learn: unused,
  writerOf: unused,
};

describe('the applications', () => {
  it.each(Object.entries(applications))('%s reads and writes what its entry says', (name, entry) => {
    const { topologies, name: own } = entry.create({ config, codec, cipher });
    const parts = topologies.flatMap((topology: Topology) => topology.parts);
    const inputs = parts.flatMap((part) => part.inputs ?? []).map(({ topic }) => topic.name);
    const outputs = parts.flatMap((part) => part.outputs ?? []).map((topic) => topic.name);
    expect(own).toBe(name);
    expect([...new Set(inputs)].toSorted()).toEqual([...entry.reads].toSorted());
    expect([...new Set(outputs)].toSorted()).toEqual([...entry.writes].toSorted());
  });

  it('are named when another is asked for', () => {
    expect(() => applicationNamed('adimt')).toThrow('there is no application "adimt", only admit');
  });
});

describe('who writes a topic', () => {
  const known = {
    admit: { reads: ['direct', 'inbound'], writes: ['inbound', 'highway'] },
    identify: { reads: ['highway'], writes: ['enriched'] },
  };

  it('is asked from the farthest up to the nearest', () => {
    expect(writersOf('enriched', known)).toEqual([
      { groupId: 'admit', topics: ['direct', 'inbound'] },
      { groupId: 'identify', topics: ['highway'] },
    ]);
  });

  it('is nobody of ours where the topic comes from outside, and a loop ends', () => {
    expect(writersOf('direct', known)).toEqual([]);
    expect(writersOf('inbound', known)).toEqual([{ groupId: 'admit', topics: ['direct', 'inbound'] }]);
  });
});
