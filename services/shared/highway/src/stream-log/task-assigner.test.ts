import { describe, expect, it } from '@jest/globals';
import { taskAssigner } from './task-assigner.ts';

const partitions = { a: [0, 1, 2, 3], b: [3, 2, 1, 0], global: [0] };
const owned = (...tasks: number[]) => tasks.map((partition) => ({ topic: 'a', partition }));
const member = (memberId: string, description: Buffer) => ({ memberId, description });

describe('the assigner of tasks', () => {
  it('gives the same partitions of all topics, to owners first and then to who holds them warm', () => {
    const [x, y] = [taskAssigner('x', () => [0, 1, 2, 3]), taskAssigner('y', () => [1])];
    const members = [member('id-x', x.describe(owned(3))), member('id-y', y.describe([]))];
    const given = { a: [0, 2, 3], b: [0, 2, 3], global: [0] };
    expect(Object.fromEntries(x.assign(members, { ...partitions, a: [0, 1, 2, 3, 4] }))).toEqual({
      'id-x': given,
      'id-y': { a: [1, 4], b: [1], global: [] },
    });
    expect(y.assign(members, partitions)).toEqual(x.assign(members, partitions));
  });

  it('gives its share to a member that says something else or nothing', () => {
    const { assign, describe: tell } = taskAssigner('x', () => [0]);
    const others = ['', '17', '{"instance":7,"warm":"all","owned":[true,2]}', '{'];
    const members = others.map((said, n) => member(`id-${n}`, Buffer.from(said)));
    const given = assign([...members, member('id-x', tell([]))], { a: [0, 1, 2, 3, 4] });
    expect([...given.values()].map(({ a }) => a?.length)).toEqual([1, 1, 1, 1, 1]);
    expect(given.get('id-x')).toEqual({ a: [0] });
    expect(given.get('id-2')).toEqual({ a: [2] });
  });
});
