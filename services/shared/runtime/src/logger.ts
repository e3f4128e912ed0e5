import { type DestinationStream, type Logger, pino } from 'pino';
import { censor, hiddenNames, redacted } from './redact.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** The process or library that speaks. */
  readonly name: string;
  readonly level?: string;
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * Creates the logger of a process: JSON lines, ISO times, a constant lower-case sentence plus fields. Log ids and
 * counts, not payloads: that fields named like secrets or identifiers are redacted is the net below that rule, and
 * it knows names only. Errors are logged as `err`, the one name under which message and stack are printed.
 */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    // For what is bound to a child logger, which formatters do not see: two levels.
    redact: { paths: [...hiddenNames].flatMap((name) => [name, `*.${name}`]), censor },
    formatters: {
      log: (fields: object) =>
        'err' in fields ? { ...redacted(fields), err: fields.err } : redacted(fields),
    },
    serializers: { err: (error: Error) => redacted(pino.stdSerializers.err(error)) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
