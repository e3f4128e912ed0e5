import { ClickHouseError } from './exceptions.ts';
import { layoutOfInsert } from './insert-text.ts';
import { depthChange, isWord, LexError, nextToken, tokensOf } from './lexer.ts';

/** A statement, cut from what a client sent, with the data of an INSERT kept apart as bytes. */
export interface Statement {
  /** First keyword in capitals: SELECT, INSERT, CREATE, … ('' for an empty text). */
  readonly kind: string;
  /** The statement as text, without inline data and without a closing semicolon. */
  readonly sql: string;
  /** Only for an INSERT that carries data: the text around the place of the data source, and the format. */
  readonly insert: InsertWithData | undefined;
}

export interface InsertWithData {
  /** `INSERT INTO t (columns)` */
  readonly head: string;
  /** `SETTINGS …` or nothing */
  readonly middle: string;
  readonly format: string;
  readonly data: Buffer;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ClickHouseError(62, 'SYNTAX_ERROR', 'The query is not valid UTF-8');
  }
}

function parseInsert(
  bytes: Buffer,
  text: string,
  from: number,
  body: Buffer | undefined,
): Statement | undefined {
  const layout = layoutOfInsert(text, from);
  if (!layout) return undefined;
  const { headEnd, formatAt, format, dataAt } = layout;
  const head = decode(bytes.subarray(0, headEnd));
  const middle = decode(bytes.subarray(headEnd, formatAt));
  const inline = bytes.subarray(dataAt);
  const parts = [inline, body].filter((part) => part !== undefined && part.length > 0);
  const data =
    parts.length < 2 ? (parts[0] ?? inline) : Buffer.concat([inline, Buffer.from('\n'), body ?? inline]);
  return {
    kind: 'INSERT',
    sql: `${head} ${middle} FORMAT ${format}`,
    insert: { head, middle, format, data },
  };
}

/** Cuts the text at its closing semicolon and refuses a second statement. */
function singleStatement(text: string): number {
  let end = text.length;
  let closed = false;
  let at = 0;
  for (let token = nextToken(text, 0); token; token = nextToken(text, at)) {
    at = token.end;
    const semicolon = token.kind === 'symbol' && token.text === ';';
    if (closed && !semicolon) {
      throw new ClickHouseError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)');
    }
    if (semicolon && !closed) {
      closed = true;
      end = token.start;
    }
  }
  return end;
}

/**
 * Finds out what a client asks: `query` from the URL (if any) and the body, as ClickHouse joins them. The data
 * of an INSERT is cut off unseen, so any byte may be in it.
 */
export function parseStatement(query: string | undefined, body: Buffer): Statement {
  const bytes = query === undefined || query === '' ? body : Buffer.from(query);
  const rest = bytes === body ? undefined : body;
  const text = bytes.toString('latin1');
  try {
    const first = nextToken(text, 0);
    if (!first) throw new ClickHouseError(62, 'SYNTAX_ERROR', 'Syntax error: Empty query');
    if (isWord(first, 'INSERT')) {
      const insert = parseInsert(bytes, text, first.end, rest);
      if (insert) return insert;
    }
    const whole =
      rest === undefined || rest.length === 0 ? bytes : Buffer.concat([bytes, Buffer.from('\n'), rest]);
    const wholeText = whole === bytes ? text : whole.toString('latin1');
    const end = singleStatement(wholeText);
    return { kind: first.text.toUpperCase(), sql: decode(whole.subarray(0, end)), insert: undefined };
  } catch (error) {
    if (error instanceof LexError)
      throw new ClickHouseError(62, 'SYNTAX_ERROR', `Syntax error: ${error.message}`);
    throw error;
  }
}

/** The format that a reading statement names itself, by its last FORMAT clause outside of parentheses. */
export function namedFormat(sql: string): string | undefined {
  let depth = 0;
  let format: string | undefined;
  const tokens = tokensOf(Buffer.from(sql).toString('latin1'));
  for (const [at, token] of tokens.entries()) {
    depth += depthChange(token);
    const next = tokens[at + 1];
    if (depth === 0 && isWord(token, 'FORMAT') && next?.kind === 'word') format = next.text;
  }
  return format;
}
