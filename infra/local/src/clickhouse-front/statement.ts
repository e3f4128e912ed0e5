import { ClickHouseError } from './exceptions.ts';
import { layoutOfInsert } from './insert-text.ts';
import { depthChange, isWord, LexError, nextToken, type Token, tokensOf } from './lexer.ts';

/** A statement, cut from what a client sent, with the data of an INSERT kept apart as bytes. */
export interface Statement {
  /** First keyword in capitals: SELECT, INSERT, CREATE, … ('' for an empty text). */
  readonly kind: string;
  /** The statement as text, without inline data and without a closing semicolon. */
  readonly sql: string;
  readonly tokens: readonly Token[];
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

/** The tokens of a text whose offsets nobody needs. */
export function tokensOfText(sql: string): Token[] {
  return tokensOf(Buffer.from(sql).toString('latin1'));
}

/** The refusal of a statement that is longer than the limit. */
export function tooLarge(maxBytes: number): ClickHouseError {
  return new ClickHouseError(
    62,
    'SYNTAX_ERROR',
    `Syntax error: Max query size exceeded (max_query_size is ${maxBytes} bytes; the data of an INSERT does not count)`,
  );
}

interface Received {
  readonly bytes: Buffer;
  /** No more of it than a statement may have; each character is a byte. */
  readonly text: string;
  readonly isCut: boolean;
}

function parseInsert(
  { bytes, text, isCut }: Received,
  from: number,
  body: Buffer | undefined,
): Statement | undefined {
  const layout = layoutOfInsert(text, from);
  if (!layout || (isCut && layout.dataAt === text.length)) return undefined;
  const { headEnd, formatAt, format, dataAt } = layout;
  const head = decode(bytes.subarray(0, headEnd));
  const middle = decode(bytes.subarray(headEnd, formatAt));
  const inline = bytes.subarray(dataAt);
  const parts = [inline, body].filter((part) => part !== undefined && part.length > 0);
  const data =
    parts.length < 2 ? (parts[0] ?? inline) : Buffer.concat([inline, Buffer.from('\n'), body ?? inline]);
  const sql = `${head} ${middle} FORMAT ${format}`;
  return { kind: 'INSERT', sql, tokens: tokensOfText(sql), insert: { head, middle, format, data } };
}

/** Cuts the tokens at the closing semicolon and refuses a second statement. */
function singleStatement(tokens: readonly Token[]): readonly Token[] {
  const close = tokens.findIndex(({ kind, text }) => kind === 'symbol' && text === ';');
  if (close < 0) return tokens;
  if (tokens.slice(close).some(({ kind, text }) => kind !== 'symbol' || text !== ';')) {
    throw new ClickHouseError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)');
  }
  return tokens.slice(0, close);
}

function parseWhole(whole: Buffer): Statement {
  const tokens = singleStatement(tokensOf(whole.toString('latin1')));
  const sql = decode(whole.subarray(0, tokens.at(-1)?.end ?? 0));
  return { kind: tokens[0]?.text.toUpperCase() ?? '', sql, tokens, insert: undefined };
}

function parse(query: string | undefined, body: Buffer, maxBytes: number): Statement {
  const bytes = query === undefined || query === '' ? body : Buffer.from(query);
  const rest = bytes === body ? undefined : body;
  const isCut = bytes.length > maxBytes;
  const text = bytes.toString('latin1', 0, maxBytes);
  const first = nextToken(text, 0);
  if (!first && !isCut) throw new ClickHouseError(62, 'SYNTAX_ERROR', 'Syntax error: Empty query');
  if (first && isWord(first, 'INSERT')) {
    const insert = parseInsert({ bytes, text, isCut }, first.end, rest);
    if (insert) return insert;
  }
  if (bytes.length + (rest?.length ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return parseWhole(rest?.length ? Buffer.concat([bytes, Buffer.from('\n'), rest]) : bytes);
}

/**
 * Finds out what a client asks: `query` from the URL (if any) and the body, as ClickHouse joins them. The data
 * of an INSERT is cut off unseen, so any byte may be in it; all else may have `maxBytes` and no more, since it is
 * read by the thread that serves everybody.
 */
export function parseStatement(query: string | undefined, body: Buffer, maxBytes = 262_144): Statement {
  try {
    return parse(query, body, maxBytes);
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    if (body.length + (query?.length ?? 0) > maxBytes) throw tooLarge(maxBytes);
    throw new ClickHouseError(62, 'SYNTAX_ERROR', `Syntax error: ${error.message}`);
  }
}

/** The format that a reading statement names itself, by its last FORMAT clause outside of parentheses. */
export function namedFormat(tokens: readonly Token[]): string | undefined {
  let depth = 0;
  let format: string | undefined;
  for (const [at, token] of tokens.entries()) {
    depth += depthChange(token);
    const next = tokens[at + 1];
    if (depth === 0 && isWord(token, 'FORMAT') && next?.kind === 'word') format = next.text;
  }
  return format;
}
