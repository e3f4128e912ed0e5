/** Offsets from `first` to `last`, both within. Gaps and control markers lie in it unseen. */
export interface Cut {
  readonly first: number;
  readonly last: number;
}

/**
 * What the sink writes beside each committed offset. `epoch` changes only when an operator moved the offset, so
 * that rows asked for again get new tokens. `cut` is the range that may have been sent to the warehouse and must
 * be sent again in exactly the same way before anything behind it.
 */
export interface Mark {
  readonly epoch: string;
  readonly cut: Cut | null;
}

const markPattern = /^(\d{10,16})(?::(\d+)-(\d+))?$/;

export function formatMark({ epoch, cut }: Mark): string {
  return cut === null ? epoch : `${epoch}:${cut.first}-${cut.last}`;
}

/** The mark in an offset's metadata; undefined when the sink did not write it. */
export function parseMark(metadata: string): Mark | undefined {
  const found = markPattern.exec(metadata);
  if (found === null) return undefined;
  const [, epoch = '', first, last] = found;
  if (first === undefined || last === undefined) return { epoch, cut: null };
  const cut = { first: Number(first), last: Number(last) };
  return cut.first <= cut.last ? { epoch, cut } : undefined;
}

export interface TokenParts {
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: string;
  readonly cut: Cut;
  /** Table and writer schema, and what else tells the inserts of one cut apart. */
  readonly group: string;
}

/** The deduplication token of one insert: the same range of the same log always has the same. */
export function tokenOf({ cluster, topic, partition, epoch, cut, group }: TokenParts): string {
  return `${cluster}:${topic}:${partition}:${epoch}:${cut.first}-${cut.last}:${group}`;
}
