import { messageOf } from '@zhongtai/runtime';
import avsc, { type Type } from 'avsc';
import { plainLong, wideLong } from './avro-long.ts';
import { HighwayError } from './errors.ts';

/**
 * A schema with its text, compiled. The plain type is quick and knows longs up to 2^52; the wide one takes any
 * long, beyond 2^53 as a bigint, and is compiled when the first such value comes.
 */
export class AvroSchema {
  readonly text: string;
  readonly type: Type;
  #wide: Type | null = null;

  /** @throws HighwayError ZT-HIGHWAY-SCHEMA-REFUSED when the text is not an Avro schema. */
  constructor(text: string) {
    this.text = text;
    this.type = parse(text, plainLong);
  }

  get wide(): Type {
    this.#wide ??= parse(this.text, wideLong);
    return this.#wide;
  }

  /** Says which field does not fit; the value itself stays out of the message, for it may be personal. */
  unencodable(value: unknown): HighwayError {
    let path: string | undefined;
    this.wide.isValid(value, {
      errorHook: (at: string[]) => {
        path ??= at.join('.');
      },
    });
    const where = path === undefined || path === '' ? '(root)' : path;
    return new HighwayError('ZT-HIGHWAY-UNENCODABLE', `a value that does not fit the schema at ${where}`, {
      details: { path: path ?? '' },
    });
  }
}

function parse(text: string, long: Type): Type {
  try {
    return avsc.Type.forSchema(JSON.parse(text), {
      typeHook: (schema: unknown) => (isLong(schema) ? long : undefined),
    });
  } catch (error) {
    throw new HighwayError('ZT-HIGHWAY-SCHEMA-REFUSED', `not an avro schema: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Also with a logical type: a time stamp is a long like any other here. */
function isLong(schema: unknown): boolean {
  if (schema === 'long') return true;
  return typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'long';
}
