import type { Logger } from '@zhongtai/runtime';

/** Counts refusals and writes one line per code and second, so that a bad sender cannot flood the log. */
export interface RefusalLog {
  note(code: string, sender: string, count?: number): void;
  /** Writes what is counted. */
  flush(): void;
}

interface Tally {
  count: number;
  readonly senders: Set<string>;
}

export function createRefusalLog(logger: Logger, everyMs = 1000): RefusalLog {
  let tallies = new Map<string, Tally>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const written = tallies;
    tallies = new Map();
    for (const [code, { count, senders }] of written) {
      logger.warn({ code, count, senders: [...senders].slice(0, 10) }, 'refused');
    }
  }

  return {
    note(code, sender, count = 1) {
      const tally = tallies.get(code) ?? { count: 0, senders: new Set<string>() };
      tally.count += count;
      tally.senders.add(sender);
      tallies.set(code, tally);
      timer ??= setTimeout(flush, everyMs).unref();
    },
    flush,
  };
}
