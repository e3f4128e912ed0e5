import { inspect } from 'node:util';
import { z } from 'zod';
import { ZhongtaiError } from './errors.ts';

/**
 * Thrown when the environment does not hold what a process needs: every problem is listed at once, with the
 * name of the variable. Set or correct them and start again.
 */
export class ConfigError extends ZhongtaiError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      'ZT-CONFIG',
      'fatal',
      `configuration is not usable:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
      {
        details: { problems },
      },
    );
    this.problems = problems;
  }
}

/** A value that prints as `[secret]` wherever it is logged, inspected or serialised; `reveal()` gives it out. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** A required secret of at least `minLength` characters. The value never appears in an error message. */
export function secret(minLength = 1) {
  return z
    .string({ error: 'is required' })
    .min(minLength, { error: `must have at least ${minLength} characters` })
    .transform((value) => new Secret(value));
}

/** A list of addresses, separated by commas: `host:port,host:port`. */
export function addresses(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d+$/, { error: 'must be host:port[,host:port]' })).min(1));
}

/** A whole number from an environment variable, within bounds. */
export function integer(fallback: number, min: number, max = Number.MAX_SAFE_INTEGER) {
  return z.coerce.number().int().min(min).max(max).default(fallback);
}

/**
 * Reads a configuration out of `env` by a zod object whose keys are the names of the variables. An empty
 * variable counts as absent. The result is frozen.
 *
 * @throws ConfigError with every problem, not only the first.
 */
export function parseConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<S>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const result = schema.safeParse(given);
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map((issue) => {
        const variable = String(issue.path[0] ?? 'configuration');
        return `${variable} ${given[variable] === undefined ? 'is required' : issue.message}`;
      }),
    );
  }
  return Object.freeze(result.data);
}
