/** The part of a .cpuprofile file (V8's, by --cpu-prof) that is read here. */
export interface CpuProfile {
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds between a sample and the one before. */
  readonly timeDeltas: readonly number[];
  readonly nodes: readonly ProfileNode[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** A stretch of the machine's monotonic clock, which is the profiler's as well. */
export interface Stretch {
  readonly fromMicros: number;
  readonly toMicros: number;
}

export const stages = [
  'parse',
  'check',
  'tokenise',
  'encode',
  'publish',
  'http',
  'garbage collection',
  'other',
] as const;
export type Stage = (typeof stages)[number];

const none: Readonly<Record<Stage, number>> = {
  parse: 0,
  check: 0,
  tokenise: 0,
  encode: 0,
  publish: 0,
  http: 0,
  'garbage collection': 0,
  other: 0,
};

/** Whose work a function of the gateway is. The first that fits counts. */
const owners: readonly (readonly [url: RegExp, stage: Stage])[] = [
  [/\/api-gateway\/src\/body\/parse-events/, 'parse'],
  [/\/shared\/domain\/src\/event\/(record-check|scalar|time|fault|envelope)/, 'check'],
  [/\/shared\/domain\//, 'tokenise'],
  [/\/shared\/highway\/src\/(codec|avro-)|\/avsc\//, 'encode'],
  [/\/shared\/highway\/|\/kafkajs\/|\/api-gateway\/src\/intake\/store/, 'publish'],
  [/\/api-gateway\/src\/(intake|load)\//, 'check'],
  [/\/api-gateway\/src\//, 'http'],
];

function stageOf({ callFrame: { functionName, url } }: ProfileNode): Stage | 'idle' | undefined {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collection';
  // The check of a record is generated code: it has a name, but no file.
  if (functionName === 'check' && url === '') return 'check';
  return owners.find(([pattern]) => pattern.test(url))?.[1];
}

/** The stage of each node: its own, else that of whoever called it (JSON.parse has no file of ours). */
function stagesOfNodes(nodes: readonly ProfileNode[]): Map<number, Stage | 'idle'> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callees = new Set(nodes.flatMap((node) => node.children ?? []));
  const found = new Map<number, Stage | 'idle'>();
  const open = nodes
    .filter(({ id }) => !callees.has(id))
    .map((node) => ({ node, caller: undefined as Stage | 'idle' | undefined }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, caller } = next;
    const stage = stageOf(node) ?? caller;
    found.set(node.id, stage ?? (node.callFrame.url.startsWith('node:') ? 'http' : 'other'));
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) open.push({ node: child, caller: stage });
    }
  }
  return found;
}

/**
 * Share of each stage in the main thread's working time within a stretch of the clock. Shares, because the profiler
 * counts time on the clock, in which the thread may have waited for a core; the kernel knows the CPU time.
 */
export function sharesByStage(profile: CpuProfile, { fromMicros, toMicros }: Stretch): Record<Stage, number> {
  const stageOfNode = stagesOfNodes(profile.nodes);
  const shares: Record<Stage | 'idle', number> = { ...none, idle: 0 };
  let now = profile.startTime;
  profile.samples.forEach((id, index) => {
    const micros = profile.timeDeltas[index] ?? 0;
    now += micros;
    if (now >= fromMicros && now <= toMicros) shares[stageOfNode.get(id) ?? 'other'] += micros;
  });
  const total = stages.reduce((sum, stage) => sum + shares[stage], 0);
  for (const stage of stages) shares[stage] /= total;
  const { idle: _idle, ...ofStages } = shares;
  return ofStages;
}
