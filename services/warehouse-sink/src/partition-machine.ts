import { type Cut, formatMark, parseMark } from './cut.ts';

/**
 * How one partition goes from its topic to the warehouse without losing or doubling a record:
 *
 *     reading ──sealed──▶ recording ──recorded──▶ sending ──inserted──▶ closing ──recorded──▶ reading
 *                            ▲                       │ │
 *                            └──── record too old ───┘ └─inserted, next cut sealed─▶ recording
 *
 * The cut is recorded in the group's offset *before* anything of it is sent, and sent only after the broker said
 * yes under the present generation. Whoever takes over finds the range, cuts the same and sends the same tokens.
 * Any doubt about a commit ends in `lost`: nothing more is sent, the partition is given up.
 *
 * Pure: no clock, no I/O. The caller carries out the command and reports what became of it.
 */
export type PartitionState =
  | {
      readonly at: 'reading';
      readonly epoch: string;
      readonly next: number;
      /** A range that was recorded and not finished: the next cut must be exactly this. */
      readonly replay: Cut | null;
    }
  | { readonly at: 'recording'; readonly epoch: string; readonly cut: Cut }
  | { readonly at: 'sending'; readonly epoch: string; readonly cut: Cut; readonly recordedAtMs: number }
  | { readonly at: 'closing'; readonly epoch: string; readonly cut: Cut }
  | { readonly at: 'lost' };

type Command =
  | { readonly do: 'commit'; readonly offset: number; readonly metadata: string }
  | { readonly do: 'send'; readonly epoch: string; readonly cut: Cut }
  | { readonly do: 'read'; readonly from: number }
  | { readonly do: 'give up' };

export interface Step {
  readonly state: PartitionState;
  readonly command: Command;
}

/** What the group had recorded, and what the log holds. */
export interface Found {
  readonly offset: number | null;
  readonly metadata: string;
  readonly earliest: number;
  readonly end: number;
}

/**
 * A recorded cut older than this is recorded again before it is sent: a process that slept longer than the
 * tables remember tokens would else double what its successor has long inserted.
 */
export const recordValidMs = 60_000;

/**
 * The state of a partition that was just assigned. An offset without a mark of ours was set by an operator, and
 * one beyond the end belongs to a topic that was made anew: either way a new epoch begins, named by the clock.
 */
export function take({ offset, metadata, earliest, end }: Found, nowMs: number): Step {
  const mark = parseMark(metadata);
  if (offset !== null && offset <= end && mark !== undefined && (mark.cut?.first ?? offset) === offset) {
    return read({ at: 'reading', epoch: mark.epoch, next: Math.max(offset, earliest), replay: mark.cut });
  }
  const next = offset === null || offset > end ? earliest : Math.max(offset, earliest);
  return read({ at: 'reading', epoch: String(nowMs), next, replay: null });
}

function read(state: Extract<PartitionState, { at: 'reading' }>): Step {
  return { state, command: { do: 'read', from: state.next } };
}

function record(epoch: string, cut: Cut): Step {
  return {
    state: { at: 'recording', epoch, cut },
    command: { do: 'commit', offset: cut.first, metadata: formatMark({ epoch, cut }) },
  };
}

function giveUp(): Step {
  return { state: { at: 'lost' }, command: { do: 'give up' } };
}

/** The caller has all records of a cut that begins where reading stands. */
export function sealed(state: PartitionState, cut: Cut): Step {
  if (state.at !== 'reading') return giveUp();
  const { replay, epoch } = state;
  // The tail of a replayed range may have left the log (retention); its beginning may not move.
  if (replay !== null && cut.last !== replay.last) return giveUp();
  return record(epoch, replay ?? cut);
}

/** The broker said yes to the commit that was commanded. */
export function recorded(state: PartitionState, nowMs: number): Step {
  if (state.at === 'recording') {
    const { epoch, cut } = state;
    return { state: { at: 'sending', epoch, cut, recordedAtMs: nowMs }, command: { do: 'send', epoch, cut } };
  }
  if (state.at === 'closing') {
    return read({ at: 'reading', epoch: state.epoch, next: state.cut.last + 1, replay: null });
  }
  return giveUp();
}

/** The broker said no, or nothing: whether the commit counts is not known. */
export function refused(): Step {
  return giveUp();
}

/** Before every attempt to send, also after a pause: is the record still fresh enough? */
export function beforeSend(state: PartitionState, nowMs: number): Step {
  if (state.at !== 'sending') return giveUp();
  const { epoch, cut, recordedAtMs } = state;
  if (nowMs - recordedAtMs > recordValidMs) return record(epoch, cut);
  return { state, command: { do: 'send', epoch, cut } };
}

/** Every insert and dead letter of the cut is in. `following` is the next cut when it is already complete. */
export function inserted(state: PartitionState, following: Cut | null): Step {
  if (state.at !== 'sending') return giveUp();
  const { epoch, cut } = state;
  // One commit closes this cut and records the next: its offset is the next cut's first.
  if (following !== null && following.first === cut.last + 1) return record(epoch, following);
  return {
    state: { at: 'closing', epoch, cut },
    command: { do: 'commit', offset: cut.last + 1, metadata: formatMark({ epoch, cut: null }) },
  };
}
