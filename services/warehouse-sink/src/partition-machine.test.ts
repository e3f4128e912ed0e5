import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Cut, formatMark, parseMark, tokenOf } from './cut.ts';
import {
  beforeSend,
  inserted,
  type PartitionState,
  recorded,
  recordValidMs,
  refused,
  type Step,
  sealed,
  take,
} from './partition-machine.ts';

/** What stands outside the sink: the log, the group's committed offset, the warehouse with its tokens. */
interface World {
  readonly log: readonly number[];
  nowMs: number;
  generation: number;
  committed: { offset: number | null; metadata: string };
  /** Times at which tokens were first seen; the warehouse forgets them after a while. */
  readonly tokens: Map<string, number>;
  readonly rows: Map<number, number>;
}

const forgottenAfterMs = 600_000;

function commit(world: World, generation: number, offset: number, metadata: string): boolean {
  if (generation !== world.generation) return false;
  world.committed = { offset, metadata };
  return true;
}

/**
 * The token beats the rows: whatever comes with a known token is dropped. Tokens are forgotten after so many other
 * inserts; here, some time after the group has gone past them (an unfinished cut is replayed before that).
 */
function insert(world: World, token: string, offsets: readonly number[]): void {
  const seen = world.tokens.get(token);
  const passed = (world.committed.offset ?? 0) > (offsets.at(-1) ?? 0);
  if (seen !== undefined && !(passed && world.nowMs - seen >= forgottenAfterMs)) return;
  world.tokens.set(token, world.nowMs);
  for (const offset of offsets) world.rows.set(offset, (world.rows.get(offset) ?? 0) + 1);
}

/** Mistakes that the proof must notice. */
interface Fault {
  readonly unrecorded?: true;
  readonly replayCutAnew?: true;
  readonly neverRefreshed?: true;
  readonly unfenced?: true;
}

/** How an interaction ends: done and answered; done, no answer; not done, no answer. */
type Fate = 'answered' | 'unanswered' | 'undone';

type Process = Generator<'commit' | 'send', void, Fate>;

type Run = {
  readonly world: World;
  readonly generation: number;
  readonly sizes: Iterator<number>;
  readonly fault: Fault;
};
type Doing = Generator<'commit' | 'send', Step, Fate>;

/** One run of the sink for one partition, as the worker drives the machine. Ends when it gives up or is done. */
function* run(world: World, sizes: Iterator<number>, fault: Fault): Process {
  const here: Run = { world, generation: world.generation, sizes, fault };
  const end = (world.log.at(-1) ?? -1) + 1;
  let step = take({ ...world.committed, earliest: 0, end }, world.nowMs);
  while (step.command.do !== 'give up') {
    if (step.command.do === 'read') {
      const cut = nextCut(here, step);
      if (cut === null) return;
      step = sealed(fault.replayCutAnew ? forgetReplay(step.state) : step.state, cut);
    } else if (step.command.do === 'commit') step = yield* committing(here, step);
    else step = yield* sending(here, step, cutFrom(world, step.command.cut.last + 1, sizes));
  }
}

function forgetReplay(state: PartitionState): PartitionState {
  return state.at === 'reading' ? { ...state, replay: null } : state;
}

function* committing({ world, generation, fault }: Run, step: Step): Doing {
  if (fault.unrecorded && step.state.at === 'recording') return recorded(step.state, world.nowMs);
  const fate = yield 'commit';
  if (fate === 'undone' || step.command.do !== 'commit') return refused();
  const { offset, metadata } = step.command;
  const accepted = commit(world, fault.unfenced ? world.generation : generation, offset, metadata);
  return accepted && fate === 'answered' ? recorded(step.state, world.nowMs) : refused();
}

function* sending(here: Run, first: Step, following: Cut | null): Doing {
  const { world, fault } = here;
  let step = first;
  for (;;) {
    const fate = yield 'send';
    if (!fault.neverRefreshed) step = beforeSend(step.state, world.nowMs);
    if (step.command.do === 'commit') step = yield* committing(here, step);
    if (step.command.do !== 'send') return step;
    if (fate !== 'undone') send(world, step.command);
    if (fate === 'answered') return inserted(step.state, following);
  }
}

function send(world: World, { epoch, cut }: { epoch: string; cut: Cut }): void {
  const token = tokenOf({ cluster: 'c', topic: 't', partition: 0, epoch, cut, group: 'x' });
  insert(world, token, offsetsOf(world, cut));
}

function offsetsOf({ log }: World, { first, last }: Cut): number[] {
  return log.filter((offset) => offset >= first && offset <= last);
}

function nextCut({ world, sizes, fault }: Run, { state }: Step): Cut | null {
  if (state.at !== 'reading') return null;
  if (state.replay !== null && !fault.replayCutAnew) return state.replay;
  return cutFrom(world, state.next, sizes);
}

function cutFrom({ log }: World, first: number, sizes: Iterator<number>): Cut | null {
  const ahead = log.filter((offset) => offset >= first);
  const last = ahead[Math.min(ahead.length, sizes.next().value ?? 1) - 1];
  return last === undefined ? null : { first, last };
}

function finish(process: Process): void {
  while (process.next('answered').done !== true);
}

/** What happens next to the running process, or to one that lost its partition and does not know it. */
interface Turn {
  readonly fate: Fate;
  readonly outcome: 'goes on' | 'crashes' | 'is replaced';
  readonly sleepMs: number;
  readonly zombie: boolean;
}

function play(
  offsets: readonly number[],
  turns: readonly Turn[],
  sizes: readonly number[],
  fault: Fault,
): World {
  const world: World = {
    log: offsets,
    nowMs: 1_700_000_000_000,
    generation: 1,
    committed: { offset: null, metadata: '' },
    tokens: new Map(),
    rows: new Map(),
  };
  let given = 0;
  const cutSizes: Iterator<number> = { next: () => ({ value: sizes[given++ % sizes.length] ?? 1 }) };
  const started = (): Process => {
    const process = run(world, cutSizes, fault);
    process.next();
    return process;
  };
  const zombies: Process[] = [];
  let live = started();
  for (const { fate, outcome, sleepMs, zombie } of turns) {
    world.nowMs += sleepMs;
    const sleeper = zombie ? zombies.shift() : undefined;
    if (sleeper !== undefined && sleeper.next(fate).done !== true) zombies.push(sleeper);
    if (outcome === 'is replaced') zombies.push(live);
    const ended = outcome === 'goes on' && live.next(fate).done === true;
    if (outcome === 'crashes') live.next(fate);
    if (outcome !== 'goes on' || ended) {
      world.generation += 1;
      live = started();
    }
  }
  for (const process of [...zombies, live]) finish(process);
  return world;
}

function runningSums(gaps: readonly number[]): number[] {
  let sum = -1;
  return gaps.map((gap) => {
    sum += gap;
    return sum;
  });
}

const scenario = fc.tuple(
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 30 }).map(runningSums),
  fc.array(
    fc.record<Turn>({
      fate: fc.constantFrom<Fate>('answered', 'answered', 'unanswered', 'undone'),
      outcome: fc.constantFrom<Turn['outcome']>('goes on', 'goes on', 'goes on', 'crashes', 'is replaced'),
      sleepMs: fc.constantFrom(1, 1, 1, 1000, recordValidMs + 1, forgottenAfterMs + 1),
      zombie: fc.boolean(),
    }),
    { maxLength: 40 },
  ),
  fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 10 }),
);

function everyRecordOnce(fault: Fault) {
  return fc.property(scenario, ([offsets, turns, sizes]) => {
    const world = play(offsets, turns, sizes, fault);
    expect([...world.rows.entries()].toSorted(([a], [b]) => a - b)).toEqual(
      offsets.map((offset) => [offset, 1]),
    );
  });
}

describe('a partition on its way to the warehouse', () => {
  it('loses and doubles nothing, wherever processes crash, sleep and come back', () => {
    fc.assert(everyRecordOnce({}), { numRuns: 5000 });
  });
  it.each<[string, Fault]>([
    ['cuts are not recorded before they are sent', { unrecorded: true }],
    ['a recorded cut is cut otherwise when it is sent again', { replayCutAnew: true }],
    ['an old record is not made fresh before sending', { neverRefreshed: true }],
    ['commits are not fenced by the generation', { unfenced: true }],
  ])('would lose or double records if %s', (_, fault) => {
    expect(fc.check(everyRecordOnce(fault), { numRuns: 30000 }).failed).toBe(true);
  });
  it('begins a new epoch where an operator set the offset, and takes the rows in again', () => {
    const world = play([0, 1, 2, 3, 4, 5], [], [2], {});
    world.committed = { offset: 2, metadata: '' };
    world.nowMs += 1;
    world.generation += 1;
    const again = run(world, [2].values(), {});
    again.next();
    finish(again);
    expect([...world.rows.values()]).toEqual([1, 1, 2, 2, 2, 2]);
  });
  it('begins a new epoch when the topic was made anew', () => {
    const { state } = take({ offset: 90, metadata: '1700000000000', earliest: 0, end: 5 }, 1_800_000_000_000);
    expect(state).toEqual({ at: 'reading', epoch: '1800000000000', next: 0, replay: null });
  });
  it('gives the partition up when a commit is refused', () => {
    expect(refused().command.do).toBe('give up');
  });
});

describe('mark', () => {
  it('reads what it writes', () => {
    for (const mark of [
      { epoch: '1700000000000', cut: null },
      { epoch: '1700000000000', cut: { first: 0, last: 41 } },
    ]) {
      expect(parseMark(formatMark(mark))).toEqual(mark);
    }
  });
  it.each(['', 'x', '17', '1700000000000:5', '1700000000000:9-3'])('is not %p', (text) => {
    expect(parseMark(text)).toBeUndefined();
  });
});
