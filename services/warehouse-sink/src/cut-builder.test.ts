import { describe, expect, it } from '@jest/globals';
import type { Codec, RawRecord } from '@zhongtai/highway';
import { schemaText, topics } from '@zhongtai/schemas';
import { createCutBuilder } from './cut-builder.ts';
import { createPlans, type Plans } from './plans.ts';

const record = (offset: number, value: Buffer | null): RawRecord => {
  return { offset, timestampMs: 1000 + offset, key: Buffer.from('k'), value, headers: {} };
};

function topicOf(name: string) {
  const topic = topics[name];
  if (topic === undefined) throw new Error(`the catalogue lacks ${name}`);
  return topic;
}

describe('the builder of a cut', () => {
  it('does not pass over a record that failed for a reason of our own', () => {
    let broken = true;
    const plans: Pick<Plans, 'route' | 'deletionRoute'> = {
      route: () => {
        if (broken) throw new TypeError('a fault of the sink');
        throw new Error('not asked for');
      },
      deletionRoute: () => createdPlans().deletionRoute(topicOf('reference.product')),
    };
    const context = {
      topic: topicOf('reference.product'),
      partition: 0,
      codec: { schemaIdOf: () => 1 },
      plans,
    };
    const builder = createCutBuilder(context, 7);
    expect(() => builder.add(record(7, Buffer.from('x')))).toThrow('a fault of the sink');
    expect([builder.next, builder.rows, builder.letters]).toEqual([7, 0, 0]);
    broken = false;
    builder.add(record(7, null));
    expect([builder.next, builder.rows]).toEqual([8, 1]);
  });

  it('compiles the deletions of a topic once, however many there are', () => {
    let read = 0;
    const plans = createdPlans(() => {
      read += 1;
    });
    const context = {
      topic: topicOf('reference.product'),
      partition: 0,
      codec: { schemaIdOf: () => 1 },
      plans,
    };
    const builder = createCutBuilder(context, 0);
    for (let offset = 0; offset < 100; offset++) builder.add(record(offset, null));
    const { groups, rows } = builder.seal();
    expect([groups.length, rows, read]).toEqual([1, 100, 1]);
    expect(groups[0]?.name).toBe('reference.product:deleted:0');
  });
});

function createdPlans(onRead: () => void = () => undefined): Plans {
  const codec: Pick<Codec, 'writerOf'> = { writerOf: () => undefined };
  return createPlans(codec, (name) => {
    onRead();
    return schemaText(name);
  });
}
