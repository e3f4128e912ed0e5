import type { WindowEntry } from '../context.ts';
import { type Slot, UNREAD } from './effects.ts';

export interface WindowSlot extends Slot {
  readonly key: string;
  readonly timeMs: number;
  readonly sequence: number;
  /** Whether the list of touched slots holds it. */
  isListed: boolean;
}

/** What is known of one key of a window store, in the order of time and sequence. */
export class WindowList {
  slots: WindowSlot[] = [];
  /** From this time on all of the key's entries are here: what is not here, or unread, is not there. */
  completeFromMs = Number.POSITIVE_INFINITY;
  /** The key has too many entries to keep them. */
  isLong = false;
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  /** The slot of a time and sequence; made when there is none. */
  slot(timeMs: number, sequence: number): WindowSlot {
    const at = this.placeOf(timeMs, sequence);
    const found = this.slots[at];
    if (found?.timeMs === timeMs && found.sequence === sequence) return found;
    const made = { key: this.#key, timeMs, sequence, value: UNREAD, bytes: undefined, isListed: false };
    if (at === this.slots.length) this.slots.push(made);
    else this.slots.splice(at, 0, made);
    return made;
  }

  /** What is known within the span, as it is now: the caller may write while going through it. */
  between<V>(fromMs: number, toMs: number): WindowEntry<V>[] {
    const found: WindowEntry<V>[] = [];
    const { slots } = this;
    for (let at = this.placeOf(fromMs, 0); at < slots.length; at += 1) {
      const slot = slots[at];
      if (slot === undefined || slot.timeMs > toMs) break;
      if (isThere(slot)) found.push({ timeMs: slot.timeMs, sequence: slot.sequence, value: slot.value as V });
    }
    return found;
  }

  /** Whether an entry's value is known, were it only that there is none. */
  knows(timeMs: number, sequence: number): boolean {
    const slot = this.slots[this.placeOf(timeMs, sequence)];
    return slot?.timeMs === timeMs && slot.sequence === sequence && slot.value !== UNREAD;
  }

  /** Forgets what is not there, and what is too old. Nothing may be written and not applied. */
  tidy(oldestMs: number): void {
    if (this.slots.every((slot) => isThere(slot) && slot.timeMs >= oldestMs)) return;
    this.slots = this.slots.filter((slot) => isThere(slot) && slot.timeMs >= oldestMs);
  }

  /** The index of the first slot that is not before this time and sequence. */
  placeOf(timeMs: number, sequence: number): number {
    const { slots } = this;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = slots[middle];
      const isBefore =
        slot !== undefined && (slot.timeMs < timeMs || (slot.timeMs === timeMs && slot.sequence < sequence));
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isThere({ value }: Slot): boolean {
  return value !== undefined && value !== UNREAD;
}
