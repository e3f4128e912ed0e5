import type { LogBatch } from '../log-port.ts';
import { patiently } from './failures.ts';

/** Has what a batch's values need learned before the task gets it: the task itself waits for nothing. */
export async function prepareBatch(
  batch: LogBatch,
  prepare: (values: Iterable<Buffer | null>) => Promise<void> | null,
  signal: AbortSignal,
  onFailure: (error: unknown, attempt: number) => void,
): Promise<void> {
  await patiently(() => prepare(valuesOf(batch)) ?? Promise.resolve(), signal, onFailure);
}

function* valuesOf({ records }: LogBatch): Generator<Buffer | null> {
  for (const { value } of records) yield value;
}
