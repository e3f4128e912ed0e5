import { describe, expect, it } from '@jest/globals';
import { resetApplication } from './reset.ts';

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
    expect(done).toEqual(['highway.gone.seen.changelog', 'copies']);
    const present = resetApplication({ ...parts, application, topology: 'count' });
    await expect(present).rejects.toThrow('count is still part of highway');
  });
});
