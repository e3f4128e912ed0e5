import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignTasks, type TaskMember } from './task-assignment.ts';

const nobodyOwns = { owned: [] as number[] };

/** Who has what; each task has one owner at most, as in a generation that has passed. */
const groups = fc
  .record({
    tasks: fc.integer({ min: 1, max: 9 }),
    members: fc.array(fc.array(fc.nat({ max: 8 }), { maxLength: 9 }), { minLength: 1, maxLength: 4 }),
    owners: fc.array(fc.nat({ max: 5 }), { minLength: 9, maxLength: 9 }),
  })
  .map(({ tasks, members, owners }) => ({
    tasks: Array.from({ length: tasks }, (_, task) => task),
    members: members.map(
      (warm, n): TaskMember => ({
        memberId: `id-${n}`,
        instance: `instance-${n}`,
        warm,
        owned: owners.flatMap((owner, task) => (owner === n && task < tasks ? [task] : [])),
      }),
    ),
  }));

function warmOf({ warm, owned }: TaskMember): Set<number> {
  return new Set([...warm, ...owned]);
}

function keptWarm(members: readonly TaskMember[], given: ReadonlyMap<string, readonly number[]>): number {
  const kept = (member: TaskMember) =>
    (given.get(member.memberId) ?? []).filter((task) => warmOf(member).has(task));
  return members.reduce((sum, member) => sum + kept(member).length, 0);
}

/** The most tasks that any balanced assignment could leave warm, by trying all of them. */
function bestPossible(members: readonly TaskMember[], tasks: readonly number[]): number {
  const least = Math.floor(tasks.length / members.length);
  const larger = tasks.length % members.length;
  const counts = members.map(() => 0);
  const warm = members.map(warmOf);
  const best = (at: number): number => {
    const task = tasks[at];
    if (task === undefined) return 0;
    let most = Number.NEGATIVE_INFINITY;
    for (const [n, count] of counts.entries()) {
      const room = count < least || (count === least && counts.filter((c) => c > least).length < larger);
      if (!room) continue;
      counts[n] = count + 1;
      most = Math.max(most, best(at + 1) + (warm[n]?.has(task) ? 1 : 0));
      counts[n] = count;
    }
    return most;
  };
  return best(0);
}

describe('tasks of a group', () => {
  it('go to one member each, and no member has two more than another', () => {
    fc.assert(
      fc.property(groups, ({ members, tasks }) => {
        const given = assignTasks(members, tasks);
        expect([...given.values()].flat().sort((a, b) => a - b)).toEqual(tasks);
        const sizes = members.map(({ memberId }) => given.get(memberId)?.length ?? 0);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('stay where they are warm as far as balance allows', () => {
    fc.assert(
      fc.property(groups, ({ members, tasks }) => {
        expect(keptWarm(members, assignTasks(members, tasks))).toBe(bestPossible(members, tasks));
      }),
      { numRuns: 300 },
    );
  });

  it('do not depend on the order in which members and tasks are named', () => {
    fc.assert(
      fc.property(groups, ({ members, tasks }) => {
        const turned = assignTasks(members.toReversed(), tasks.toReversed());
        expect(Object.fromEntries(turned)).toEqual(Object.fromEntries(assignTasks(members, tasks)));
      }),
    );
  });

  it('stay with their owners when nobody comes or goes, wherever else they are warm', () => {
    fc.assert(
      fc.property(groups, ({ members, tasks }) => {
        const first = assignTasks(members, tasks);
        const everyoneWarm = members.map((member) => ({
          ...member,
          warm: tasks,
          owned: first.get(member.memberId) ?? [],
        }));
        expect(Object.fromEntries(assignTasks(everyoneWarm, tasks))).toEqual(Object.fromEntries(first));
      }),
    );
  });

  it('move only to the one who comes, as many as it needs', () => {
    fc.assert(
      fc.property(groups, ({ members, tasks }) => {
        const before = assignTasks(members, tasks);
        const owning = members.map((member) => ({
          ...member,
          warm: [],
          owned: before.get(member.memberId) ?? [],
        }));
        const newcomer = { memberId: 'new', instance: 'new', warm: [], ...nobodyOwns };
        const after = assignTasks([...owning, newcomer], tasks);
        for (const { memberId, owned } of owning) {
          expect(owned).toEqual(expect.arrayContaining([...(after.get(memberId) ?? [])]));
        }
      }),
    );
  });

  it('of one who leaves are shared by the others, who keep theirs', () => {
    fc.assert(
      fc.property(groups, ({ members, tasks }) => {
        fc.pre(members.length > 1);
        const before = assignTasks(members, tasks);
        const staying = members.slice(1).map((member) => ({
          ...member,
          warm: [],
          owned: before.get(member.memberId) ?? [],
        }));
        const after = assignTasks(staying, tasks);
        for (const { memberId, owned } of staying) {
          expect(after.get(memberId)).toEqual(expect.arrayContaining([...owned]));
        }
      }),
    );
  });

  it('come back to a process that was away, by what it holds', () => {
    const back = { memberId: 'x', instance: 'back', warm: [1, 3], ...nobodyOwns };
    const stayed = { memberId: 'a', instance: 'stayed', warm: [0, 1, 2, 3], owned: [0, 1, 2, 3] };
    const given = assignTasks([stayed, back], [0, 1, 2, 3]);
    expect(given.get('x')).toEqual([1, 3]);
    expect(given.get('a')).toEqual([0, 2]);
  });
});
