import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** The process or library that speaks. */
  readonly name: string;
  readonly level?: string;
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * Paths that never reach a log line, whatever is passed. Log ids and counts, not payloads: this is the net
 * below that rule, not a replacement for it.
 */
const REDACTED = ['authorization', 'password', 'secret', 'id_value', 'key', 'phone', 'email'].flatMap(
  (name) => [name, `*.${name}`],
);

/** Creates the logger of a process: JSON lines, ISO times, a constant lower-case sentence plus fields. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
