import { ZhongtaiError } from '@zhongtai/runtime';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { datasetCodes } from '../errors.ts';

// Called fifteen million times: under Jest a global costs a slow look-up each time, a constant of the module none.
const toNumber = Number;
const { isFinite: isFiniteNumber, isSafeInteger } = Number;

const NANOS_PER_MS = 1_000_000n;

/** Times come as numbers of milliseconds: a million Date objects would be 100 MB. */
const parsers = { timestampFromNanoseconds: (nanos: bigint): number => toNumber(nanos / NANOS_PER_MS) };

/** Any array that numbers can be put into: the columns choose how wide they are. */
export interface NumberColumn {
  [index: number]: number;
  readonly length: number;
}

export async function rowCountOf(path: string): Promise<number> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
  return Number(metadata.num_rows);
}

/**
 * Reads one column into `target`. The file has one row group, so a whole column is the least that can be decoded
 * at a time; reading column after column into typed arrays keeps the peak at one decoded column.
 */
export async function readNumbers(
  path: string,
  column: string,
  target: NumberColumn,
  convert: (value: number) => number = (value) => value,
): Promise<void> {
  const file = await asyncBufferFromFile(path);
  await parquetRead({
    file,
    compressors,
    parsers,
    columns: [column],
    onChunk: ({ columnData, rowStart }) => {
      for (let index = 0; index < columnData.length; index += 1) {
        target[rowStart + index] = convert(numberOf(columnData[index], column));
      }
    },
  });
}

/** A small table, row by row, as the parser of its rows makes it. */
export async function readRows<T>(path: string, parse: (row: Row) => T): Promise<T[]> {
  const file = await asyncBufferFromFile(path);
  const rows = await parquetReadObjects({ file, compressors, parsers });
  return rows.map((row) => parse(new Row(row)));
}

/** A row as it comes out of the file; each value is checked where it is taken. */
export class Row {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  number(column: string): number {
    return numberOf(this.#values[column], column);
  }

  /** The text without surrounding blanks; null when there is none. */
  text(column: string): string | null {
    const value = this.#values[column] ?? null;
    if (value === null) return null;
    if (typeof value !== 'string') throw unexpected(column, value);
    return value.trim() === '' ? null : value.trim();
  }
}

function numberOf(value: unknown, column: string): number {
  if (typeof value === 'bigint') {
    const whole = toNumber(value);
    if (isSafeInteger(whole)) return whole;
  } else if (typeof value === 'number' && isFiniteNumber(value)) {
    return value;
  }
  throw unexpected(column, value);
}

function unexpected(column: string, value: unknown): ZhongtaiError {
  return new ZhongtaiError(
    datasetCodes.unexpectedValue,
    'fatal',
    `column ${column} holds an unexpected value`,
    {
      details: { column, type: typeof value },
    },
  );
}
