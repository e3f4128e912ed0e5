import { type Failure, ZhongtaiError } from '@zhongtai/runtime';

/** Every error of the warehouse library: code -> what it means for the work in hand. */
export const warehouseErrors = {
  /** The server does not answer, or the connection broke: the outcome is unknown. Send the same insert again. */
  'ZT-WAREHOUSE-AWAY': 'retryable',
  /** The server is overloaded (too many parts, too many queries). Wait and send the same insert again. */
  'ZT-WAREHOUSE-BUSY': 'retryable',
  /** The server ran out of memory for this insert. Send it again, in the same cut, when memory is free. */
  'ZT-WAREHOUSE-MEMORY': 'retryable',
  /** The server took too long; the insert may still happen. Send the same insert again. */
  'ZT-WAREHOUSE-TIMEOUT': 'retryable',
  /** The disk is full or the table is read-only. Free it; inserts go on by themselves. */
  'ZT-WAREHOUSE-UNWRITABLE': 'retryable',
  /** The table, database or a column is missing, or rights are. Mend the table; only this table waits. */
  'ZT-WAREHOUSE-TABLE': 'retryable',
  /** An exception of the server that is in no list of ours. Read the message; the insert is tried again. */
  'ZT-WAREHOUSE-REFUSED': 'retryable',
  /** A column has another type than the schema asks for. Add a new field instead; only this table waits. */
  'ZT-WAREHOUSE-TYPE-CHANGED': 'retryable',
  /** A table, or the target of a materialised view behind it, has deduplication off: replays would double. */
  'ZT-WAREHOUSE-NO-DEDUPLICATION': 'fatal',
  /** The Avro schema has something that no column can hold without loss (a union of several types, a decimal). */
  'ZT-WAREHOUSE-UNMAPPABLE': 'fatal',
  /** The bytes end too early, go on too long, or hold an impossible number: not what their schema says. */
  'ZT-WAREHOUSE-MALFORMED': 'bad_record',
  /** The value is outside what its column can hold; it would have been clamped. */
  'ZT-WAREHOUSE-OUT-OF-RANGE': 'bad_record',
} as const satisfies Record<`ZT-WAREHOUSE-${string}`, Failure>;

export type WarehouseErrorCode = keyof typeof warehouseErrors;

/** Thrown by everything in this package; `code` is of the list above, `failure` follows from it. */
export class WarehouseError extends ZhongtaiError {
  override readonly name = 'WarehouseError';

  constructor(
    code: WarehouseErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, warehouseErrors[code], message, options);
  }
}

/** ClickHouse's exception numbers -> our code. What is not here is ZT-WAREHOUSE-REFUSED. */
const byNumber: Readonly<Record<number, WarehouseErrorCode>> = {
  // TOO_MANY_PARTS, TOO_MANY_SIMULTANEOUS_QUERIES, QUOTA_EXCEEDED, CANNOT_ASSIGN_ALTER
  252: 'ZT-WAREHOUSE-BUSY',
  202: 'ZT-WAREHOUSE-BUSY',
  201: 'ZT-WAREHOUSE-BUSY',
  517: 'ZT-WAREHOUSE-BUSY',
  // MEMORY_LIMIT_EXCEEDED
  241: 'ZT-WAREHOUSE-MEMORY',
  // TIMEOUT_EXCEEDED, SOCKET_TIMEOUT
  159: 'ZT-WAREHOUSE-TIMEOUT',
  209: 'ZT-WAREHOUSE-TIMEOUT',
  // NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED
  210: 'ZT-WAREHOUSE-AWAY',
  279: 'ZT-WAREHOUSE-AWAY',
  // TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE
  242: 'ZT-WAREHOUSE-UNWRITABLE',
  243: 'ZT-WAREHOUSE-UNWRITABLE',
  // UNKNOWN_TABLE, UNKNOWN_DATABASE, NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER, ACCESS_DENIED, READONLY
  60: 'ZT-WAREHOUSE-TABLE',
  81: 'ZT-WAREHOUSE-TABLE',
  16: 'ZT-WAREHOUSE-TABLE',
  47: 'ZT-WAREHOUSE-TABLE',
  497: 'ZT-WAREHOUSE-TABLE',
  164: 'ZT-WAREHOUSE-TABLE',
  // INCORRECT_DATA, CANNOT_READ_ALL_DATA, ATTEMPT_TO_READ_AFTER_EOF in a body that we encoded
  117: 'ZT-WAREHOUSE-REFUSED',
};

/** The number of a ClickHouse exception, if `error` is one. */
function exceptionNumber(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('type' in error))
    return undefined;
  const number = Number(error.code);
  return Number.isInteger(number) ? number : undefined;
}

/** Any failure of a request as one of ours: by ClickHouse's number, else the connection is to blame. */
export function toWarehouseError(error: unknown, what: string): WarehouseError {
  if (error instanceof WarehouseError) return error;
  const number = exceptionNumber(error);
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
  if (number === undefined) {
    return new WarehouseError('ZT-WAREHOUSE-AWAY', `${what}: ${message}`, { cause: error });
  }
  return new WarehouseError(byNumber[number] ?? 'ZT-WAREHOUSE-REFUSED', `${what}: ${message}`, {
    cause: error,
    details: { exception: number },
  });
}
