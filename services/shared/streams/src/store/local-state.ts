/**
 * The committed state of one task on this machine: what the changelogs say, kept where it can be read at once.
 * Memory in tests, lmdb in production; one suite holds both.
 */
export interface LocalState {
  keyed(store: string): LocalKeyed;
  window(store: string): LocalWindow;
  /** Where this copy stands; null when it holds nothing that can be trusted. */
  readonly mark: StateMark | null;
  /**
   * All of it or nothing, in one local transaction that also sets the mark.
   *
   * @throws ZT-STREAMS-APPLIED-BY-ANOTHER when `from` is not the present mark's sequence: the task is lost.
   */
  apply(change: StateChange): void;
  /** Forgets everything: the copy is too old, or its log is another one. */
  clear(): void;
  close(): Promise<void>;
  /**
   * All entries of a store, with the keys of its changelog: for proofs and tools. Entries of segments that are not
   * dropped yet are among them, whatever the retention says.
   */
  entries(store: string): Iterable<readonly [key: Buffer, value: Buffer]>;
  /** For metrics. */
  size(): { readonly bytes: number; readonly entries: number };
}

export interface LocalKeyed {
  get(key: string): Buffer | undefined;
  /** from <= key < to, in the order of the keys' UTF-8 bytes. */
  range(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]>;
  /** How many entries there are, at once whatever their number. */
  count(): number;
}

export interface LocalWindow {
  /** How wide its segments lie here; undefined: it holds none yet. */
  readonly segmentMs: number | undefined;
  get(key: string, timeMs: number, sequence: number): Buffer | undefined;
  /** fromMs <= time <= toMs, in the order of time and sequence. */
  fetch(key: string, fromMs: number, toMs: number): Iterable<WindowBytes>;
}

export interface WindowBytes {
  readonly timeMs: number;
  readonly sequence: number;
  readonly value: Buffer;
}

/** How far a local copy has followed the log. */
export interface StateMark {
  /** Grows with each apply; what is applied next names it. */
  readonly sequence: number;
  /** By changelog topic: behind the last record that is in the copy. */
  readonly changelogs: Readonly<Record<string, number>>;
  /** By topic: the identity of the log that the offsets are of; missing where the log has none. */
  readonly logs?: Readonly<Record<string, string>>;
  /** When it last stood at the log's end, by the machine's clock. */
  readonly atEndMs: number;
}

export interface StateChange {
  /** The sequence that the copy must stand at; 0 when it is empty. */
  readonly from: number;
  readonly mark: StateMark;
  readonly keyed: readonly KeyedChange[];
  readonly windows: readonly WindowChange[];
}

export interface KeyedChange {
  readonly store: string;
  /** Null deletes. The last of a key counts. */
  readonly entries: Iterable<readonly [key: string, value: Buffer | null]>;
}

export interface WindowChange {
  readonly store: string;
  readonly segmentMs: number;
  readonly entries: Iterable<{
    readonly key: string;
    readonly timeMs: number;
    readonly sequence: number;
    readonly value: Buffer | null;
  }>;
  /** Segments that end at or before this time are dropped whole, behind the entries; left out: none. */
  readonly dropBeforeMs?: number;
}
