/**
 * Works on items a few at a time, as they come: each goes to one of `lanes` workers, so no more than that many are
 * in memory. The first failure aborts `stop`, then all lanes are awaited: nothing of ours runs on when the caller
 * has the error.
 */
export async function inLanes<T>(
  items: AsyncIterable<T> | Iterable<T>,
  lanes: number,
  stop: AbortController,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const next = await iterator.next();
      if (next.done === true) return;
      await work(next.value);
    }
  };
  const running = Array.from({ length: lanes }, lane);
  try {
    await Promise.all(running);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(running);
    throw error;
  } finally {
    await iterator.return?.();
  }
}
