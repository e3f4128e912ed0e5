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

/** Empty, such a variable is an error: whoever set it did not mean the default. */
const neverEmpty = z.registry<{ readonly why: string }>();

/** A list of addresses, separated by commas: `host:port,host:port`. */
export function addresses(fallback: string) {
  const schema = z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(
      z
        .array(z.string().regex(/^[^\s:]+:\d+$/, { error: 'must be host:port[,host:port]' }))
        .min(1, { error: 'must be host:port[,host:port]' }),
    );
  return schema.register(neverEmpty, { why: 'a process must not go to another broker than was meant' });
}

/** A whole number from an environment variable, within bounds. */
export function integer(fallback: number, min: number, max = Number.MAX_SAFE_INTEGER) {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  return z
    .string()
    .transform((text, context) => {
      const value = Number(text);
      if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message: `must be a whole number ${bounds}, not "${text}"` });
      return z.NEVER;
    })
    .default(fallback);
}

/**
 * Reads a configuration out of `env` by a zod object whose keys are the names of the variables. An empty
 * variable counts as absent, but for one of addresses. The result is frozen.
 *
 * @throws ConfigError with every problem, not only the first.
 */
export function parseConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<S>> {
  const given = Object.fromEntries(
    Object.entries(schema.shape).flatMap(([name, variable]) => {
      const value = env[name];
      const isAbsent = value === undefined || (value === '' && !neverEmpty.has(variable));
      return isAbsent ? [] : [[name, value]];
    }),
  );
  const result = schema.safeParse(given);
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map((issue) => {
        const variable = String(issue.path[0] ?? 'configuration');
        return `${variable} ${given[variable] === undefined ? 'is required' : complaintOf(issue)}`;
      }),
    );
  }
  return Object.freeze(result.data);
}

/** What the value must be, as the end of a sentence. */
function complaintOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_format' && issue.format === 'url') return 'must be a URL';
  return issue.message;
}

/**
 * What `read` answers. A configuration that cannot be used ends the process with 1, and what is wrong with it stands
 * on stderr, one sentence a line: a stack says nothing to whoever set a variable.
 */
export function configured<T>(
  read: () => T,
  host: {
    readonly exit: (code: number) => never;
    readonly stderr: { write(text: string): unknown };
  } = process,
): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.stderr.write(error.problems.map((problem) => `${problem}\n`).join(''));
    return host.exit(1);
  }
}
