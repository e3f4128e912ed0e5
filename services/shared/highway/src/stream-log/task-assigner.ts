import type { DescribedMember, PartitionAssigner } from '../partition-assigner.ts';
import { pick } from '../partition-assigner.ts';
import { assignTasks, type TaskMember } from './task-assignment.ts';

interface Description {
  readonly instance: string;
  readonly warm: readonly number[];
}

/**
 * Task p is partition p of every topic. A member tells its name and its warm tasks; who owns what is told to all with
 * each assignment. (It is not part of what a member tells, so that a process which comes back under its name tells the
 * same as before and disturbs nobody.)
 */
export function taskAssigner(instance: string, warmTasks: () => readonly number[]): PartitionAssigner {
  return {
    name: 'zhongtai-tasks',
    describe: () => toJson({ instance, warm: [...new Set(warmTasks())].sort((a, b) => a - b) }),
    assign(members, partitions, formerMemo) {
      const former = parseMemo(formerMemo);
      const known = members.map((member): TaskMember => {
        const description = parseDescription(member);
        return { ...description, memberId: member.memberId, owned: former[description.instance] ?? [] };
      });
      const tasks = assignTasks(known, Object.values(partitions).flat());
      const tasksOf = ({ memberId }: TaskMember) => tasks.get(memberId) ?? [];
      return {
        byMember: new Map(
          known.map((member) => {
            const own = new Set(tasksOf(member));
            return [member.memberId, pick(partitions, (partition) => own.has(partition))] as const;
          }),
        ),
        memo: toJson(Object.fromEntries(known.map((member) => [member.instance, tasksOf(member)]))),
      };
    },
  };
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Another program under our group's name says something else: it gets its share like anybody. */
function parseDescription({ memberId, description }: DescribedMember): Description {
  const parsed = parseJson(description);
  if (typeof parsed !== 'object' || parsed === null) return { instance: memberId, warm: [] };
  const { instance, warm } = { instance: memberId, warm: [], ...parsed };
  return { instance: String(instance), warm: numbersOf(warm) };
}

function parseMemo(memo: Buffer): Readonly<Record<string, readonly number[]>> {
  const parsed = parseJson(memo);
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(Object.entries(parsed).map(([name, tasks]) => [name, numbersOf(tasks)]));
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}
