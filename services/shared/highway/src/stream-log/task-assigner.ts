import { type DescribedMember, type PartitionAssigner, pick } from '../partition-assigner.ts';
import { assignTasks, type TaskMember } from './task-assignment.ts';

/**
 * Task p is partition p of every topic. A member tells its name, the tasks that it had until now and those whose state
 * it holds.
 */
export function taskAssigner(instance: string, warmTasks: () => readonly number[]): PartitionAssigner {
  return {
    name: 'zhongtai-tasks',
    describe(owned) {
      const told = { instance, warm: warmTasks(), owned: owned.map(({ partition }) => partition) };
      return Buffer.from(JSON.stringify(told));
    },
    assign(members, partitions) {
      const tasks = assignTasks(members.map(parseMember), Object.values(partitions).flat());
      return new Map(
        [...tasks].map(([memberId, some]) => {
          const own = new Set(some);
          return [memberId, pick(partitions, (partition) => own.has(partition))] as const;
        }),
      );
    },
  };
}

/** Another program under our group's name says something else: it gets its share like anybody. */
function parseMember({ memberId, description }: DescribedMember): TaskMember {
  const told = parseJson(description);
  const { instance, warm, owned } = { instance: memberId, warm: [], owned: [], ...told };
  return { memberId, instance: String(instance), warm: numbersOf(warm), owned: numbersOf(owned) };
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
}

function parseJson(bytes: Buffer): object {
  try {
    const parsed: unknown = JSON.parse(bytes.toString());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
