import { describe, expect, it } from '@jest/globals';
import { moveApplication, parseWish, resetApplication } from './reset.ts';

const application = { name: 'highway', topologies: [{ name: 'count', parts: [] }] } as never;
const listed = [
  'highway.count.counts.changelog',
  'highway.gone.seen.changelog',
  'highway.order',
  'highway.position',
  'other.position',
];

function world(deleteGroup: () => Promise<void> = async () => undefined) {
  const done: string[] = [];
  return {
    done,
    admin: {
      listTopics: async () => listed,
      deleteTopics: async (names: readonly string[]) => void done.push(...names),
      deleteGroup: async (group: string) => {
        await deleteGroup();
        done.push(`group ${group}`);
      },
    },
    states: { reset: () => void done.push('copies') },
    forgetTopology: async (topology: string) => {
      done.push(`positions without ${topology}`);
      return [0];
    },
  };
}

describe('the reset of an application', () => {
  it('forgets its own topics, its group and the copies, and no topic of the catalogue', async () => {
    const { done, ...parts } = world();
    await resetApplication({ ...parts, application, topology: null });
    expect(done).toEqual([
      'group highway',
      'highway.count.counts.changelog',
      'highway.gone.seen.changelog',
      'highway.position',
      'copies',
    ]);
  });

  it('touches nothing while the group has members', async () => {
    const { done, ...parts } = world(() => Promise.reject(new Error('not empty')));
    await expect(resetApplication({ ...parts, application, topology: null })).rejects.toThrow('not empty');
    expect(done).toEqual([]);
  });

  it('forgets what a removed topology left, and refuses one that is still there', async () => {
    const { done, ...parts } = world();
    await resetApplication({ ...parts, application, topology: 'gone' });
    expect(done).toEqual([
      'group highway',
      'positions without gone',
      'highway.gone.seen.changelog',
      'copies',
    ]);
    const present = resetApplication({ ...parts, application, topology: 'count' });
    await expect(present).rejects.toThrow('count is still part of highway');
  });
});

describe('a move in an input', () => {
  const moving = (from: string | null, deleteGroup?: () => Promise<void>) => {
    const { done, admin } = world(deleteGroup);
    const moveInput = async (topic: string, to: string) => {
      done.push(`${topic} to ${to}`);
      return [{ partition: 0, from: 3, to: 9 }];
    };
    return { done, moved: moveApplication({ admin, application, input: 'orders', from, moveInput }) };
  };

  it('is done without the group, and says what it did', async () => {
    const { done, moved } = moving('earliest');
    expect(await moved).toEqual([{ partition: 0, from: 3, to: 9 }]);
    expect(done).toEqual(['group highway', 'orders to earliest']);
  });

  it('touches nothing while the group has members, or when it is not said where to', async () => {
    const running = moving('latest', () => Promise.reject(new Error('not empty')));
    await expect(running.moved).rejects.toThrow('not empty');
    const unsaid = moving(null);
    await expect(unsaid.moved).rejects.toThrow('INPUT=orders needs FROM=earliest or FROM=latest');
    expect([running.done, unsaid.done]).toEqual([[], []]);
  });

  it.each([{ FROM: 'earliest' }, { INPUT: '' }, { INPUT: 'orders', TOPOLOGY: 'gone' }])(
    'that is half said does not become a reset of everything: %o',
    (env) => expect(() => parseWish(env)).toThrow('give TOPOLOGY, or INPUT with FROM'),
  );
});
