import type { Fault } from './fault.ts';
import { parseTime } from './time.ts';

/** Returns the value as the record holds it, or raises the fault. */
export type Check = (value: unknown, fault: Fault) => unknown;

export interface ValueLimits {
  /** Longest string, in UTF-16 units. */
  readonly maxStringLength: number;
  /** Most entries of one list or map. */
  readonly maxItems: number;
  /** Deepest nesting of what a sender may send at all. */
  readonly maxDepth: number;
}

const DIGITS = /^-?\d{1,19}$/;

/** The JSON type of a value, for messages. */
function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function nestedIn(values: readonly unknown[]): unknown[] {
  return values
    .flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
    .filter((child) => typeof child === 'object' && child !== null);
}

/** Whether a parsed value is nested deeper than `limit` levels, found without recursion. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level = nestedIn([value]);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth >= limit) return true;
    level = nestedIn(level);
  }
  return false;
}

/** A value that does not fit: named as too deep when it is that, else as another type than expected. */
export function misfit(value: unknown, expected: string, limits: ValueLimits, fault: Fault): undefined {
  if (isDeeperThan(value, limits.maxDepth)) {
    return fault.raise('TOO-DEEP', `is nested deeper than ${limits.maxDepth} levels`);
  }
  return fault.raise('TYPE', `must be ${expected}, not ${jsonTypeOf(value)}`);
}

export function createStringCheck(limits: ValueLimits): Check {
  return (value, fault) => {
    if (typeof value !== 'string') return misfit(value, 'a string', limits, fault);
    if (value.length > limits.maxStringLength) {
      return fault.raise('TOO-LONG', `is longer than ${limits.maxStringLength} characters (${value.length})`);
    }
    if (!value.isWellFormed()) {
      return fault.raise('SURROGATE', 'holds half of a surrogate pair');
    }
    return value;
  };
}

export function createBooleanCheck(limits: ValueLimits): Check {
  return (value, fault) =>
    typeof value === 'boolean' ? value : misfit(value, 'true or false', limits, fault);
}

export function createNumberCheck(limits: ValueLimits): Check {
  return (value, fault) => {
    if (typeof value !== 'number') return misfit(value, 'a number', limits, fault);
    return Number.isFinite(value) ? value : fault.raise('RANGE', 'must be a finite number');
  };
}

export function createIntCheck(limits: ValueLimits): Check {
  return (value, fault) => {
    if (typeof value !== 'number') return misfit(value, 'a whole number', limits, fault);
    // The test by bits holds exactly for what an int of 32 bits can hold (-0 becomes 0).
    if ((value | 0) === value) return value | 0;
    return Number.isFinite(value) && !Number.isInteger(value)
      ? fault.raise('TYPE', 'must be a whole number')
      : fault.raise('RANGE', 'must lie within 32 bits (-2147483648 to 2147483647)');
  };
}

function checkSafe(value: number, fault: Fault): unknown {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return Number.isFinite(value) && !Number.isInteger(value)
    ? fault.raise('TYPE', 'must be a whole number')
    : fault.raise(
        'RANGE',
        'is beyond 2^53 - 1 (9007199254740991), where a JSON number loses digits: send it as a string of digits',
      );
}

/** The digits of a long as a number, as a bigint only where a number would lose digits. */
function checkDigits(digits: string, fault: Fault): unknown {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  const exact = BigInt(digits);
  return exact === BigInt.asIntN(64, exact)
    ? exact
    : fault.raise('RANGE', 'must lie within 64 bits (-2^63 to 2^63 - 1)');
}

/** A long: a number within 2^53 - 1, or decimal digits of up to 64 bits in a string. No digit is ever lost. */
export function createLongCheck(limits: ValueLimits): Check {
  return (value, fault) => {
    if (typeof value === 'number') return checkSafe(value, fault);
    // What comes out of Avro beyond 2^53 has its 64 bits already.
    if (typeof value === 'bigint') return value;
    if (typeof value === 'string') {
      if (DIGITS.test(value)) return checkDigits(value, fault);
      return fault.raise('TYPE', 'must be a whole number or its decimal digits');
    }
    return misfit(value, 'a whole number or its decimal digits', limits, fault);
  };
}

/** The years that a table can hold; a 202 for a time outside would be a fact that nobody ever sees. */
const FIRST_TIME = Date.UTC(1900, 0, 1);
const LAST_TIME = Date.UTC(2300, 0, 1) - 1;
const DAY_MS = 86_400_000;

function inTables(time: number, unitMs: number, fault: Fault): unknown {
  const ms = time * unitMs;
  return ms >= FIRST_TIME && ms <= LAST_TIME
    ? time
    : fault.raise('RANGE', 'must lie within the years 1900 to 2299');
}

/** A day: days since 1970. */
export function createDayCheck(limits: ValueLimits): Check {
  const asInt = createIntCheck(limits);
  return (value, fault) => {
    const day = asInt(value, fault);
    return typeof day === 'number' ? inTables(day, DAY_MS, fault) : day;
  };
}

/** A point in time: milliseconds since 1970, as a number or digits, or ISO 8601 with a zone. */
export function createTimeCheck(limits: ValueLimits): Check {
  return (value, fault) => {
    if (typeof value === 'number') {
      const time = checkSafe(value, fault);
      return typeof time === 'number' ? inTables(time, 1, fault) : time;
    }
    if (typeof value !== 'string') return misfit(value, 'a time', limits, fault);
    if (DIGITS.test(value)) return inTables(Number(value), 1, fault);
    const time = parseTime(value);
    return time === undefined
      ? fault.raise('TIME', 'must be milliseconds since 1970 or ISO 8601 with a zone (Z, +08:00)')
      : inTables(time, 1, fault);
  };
}

export function createEnumCheck(symbols: readonly string[], limits: ValueLimits): Check {
  const known = new Set<unknown>(symbols);
  return (value, fault) => {
    if (known.has(value)) return value;
    if (typeof value !== 'string') return misfit(value, 'a string', limits, fault);
    return fault.raise('ENUM', `must be one of ${symbols.join(', ')}`);
  };
}
