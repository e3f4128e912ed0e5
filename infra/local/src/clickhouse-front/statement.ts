import { isWord, LexError, nextToken, type Token } from './lexer.ts';
import { ClickHouseError } from './exceptions.ts';

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

/** The byte after the blanks and at most one line end that separate an INSERT from its inline data. */
function dataStart(text: string, at: number): number {
  let here = at;
  while (text[here] === ' ' || text[here] === '\t' || text[here] === '\f') here += 1;
  if (text[here] === '\r') here += 1;
  if (text[here] === '\n') here += 1;
  return here;
}

interface Scan {
  readonly settingsAt: number | undefined;
  readonly formatAt: number;
  readonly format: string;
  readonly dataAt: number;
}

/** Walks an INSERT from behind its target to where its data begins; undefined when it takes rows from a query. */
function scanInsert(text: string, from: number): Scan | undefined {
  let depth = 0;
  let settingsAt: number | undefined;
  let at = from;
  for (let token = nextToken(text, at); token; token = nextToken(text, at)) {
    at = token.end;
    if (token.text === '(' && token.kind === 'symbol') {
      // `INSERT INTO t (SELECT …)` takes rows from a query too.
      const inner = nextToken(text, at);
      if (depth === 0 && (isWord(inner, 'SELECT') || isWord(inner, 'WITH'))) return undefined;
      depth += 1;
    } else if (token.text === ')' && token.kind === 'symbol') depth -= 1;
    if (depth > 0 || token.kind !== 'word') continue;
    const keyword = token.text.toUpperCase();
    if (keyword === 'SELECT' || keyword === 'WITH' || keyword === 'FROM' || keyword === 'WATCH') return undefined;
    if (keyword === 'SETTINGS') settingsAt ??= token.start;
    if (keyword === 'VALUES') return { settingsAt, formatAt: token.start, format: 'Values', dataAt: token.end };
    if (keyword === 'FORMAT') {
      const name = nextToken(text, at);
      if (name?.kind !== 'word') throw new LexError('FORMAT without a name', token.start);
      const behind = nextTokenOrData(text, name.end);
      return { settingsAt, formatAt: token.start, format: name.text, dataAt: behind };
    }
  }
  return { settingsAt, formatAt: text.length, format: 'Values', dataAt: text.length };
}

/** `FORMAT X;` may be closed by a semicolon before its data. */
function nextTokenOrData(text: string, at: number): number {
  let here = at;
  while (text[here] === ' ' || text[here] === '\t') here += 1;
  return text[here] === ';' ? here + 1 : at;
}

function parseInsert(bytes: Buffer, text: string, first: Token, body: Buffer | undefined): Statement | undefined {
  let token = nextToken(text, first.end);
  if (isWord(token, 'INTO')) token = nextToken(text, token?.end ?? 0);
  if (isWord(token, 'TABLE')) token = nextToken(text, token?.end ?? 0);
  if (!token || (token.kind !== 'word' && token.kind !== 'quoted')) return undefined;
  if (isWord(token, 'FUNCTION')) {
    const behind = nextToken(text, token.end);
    if (behind?.kind === 'word' || behind?.kind === 'quoted') return undefined;
  }
  let end = token.end;
  for (let dot = nextToken(text, end); dot?.text === '.' && dot.kind === 'symbol'; dot = nextToken(text, end)) {
    end = nextToken(text, dot.end)?.end ?? dot.end;
  }
  const scan = scanInsert(text, end);
  if (!scan) return undefined;
  const headEnd = Math.min(scan.settingsAt ?? scan.formatAt, scan.formatAt);
  const inline = bytes.subarray(dataStart(text, scan.dataAt));
  const head = decode(bytes.subarray(0, headEnd));
  const middle = decode(bytes.subarray(headEnd, scan.formatAt));
  const data = body === undefined ? inline : inline.length === 0 ? body : Buffer.concat([inline, Buffer.from('\n'), body]);
  return { kind: 'INSERT', sql: `${head}${middle}FORMAT ${scan.format}`, insert: { head, middle, format: scan.format, data } };
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
      const insert = parseInsert(bytes, text, first, rest);
      if (insert) return insert;
    }
    const whole = rest === undefined || rest.length === 0 ? bytes : Buffer.concat([bytes, Buffer.from('\n'), rest]);
    const wholeText = whole === bytes ? text : whole.toString('latin1');
    const end = singleStatement(wholeText);
    return { kind: first.text.toUpperCase(), sql: decode(whole.subarray(0, end)), insert: undefined };
  } catch (error) {
    if (error instanceof LexError) throw new ClickHouseError(62, 'SYNTAX_ERROR', `Syntax error: ${error.message}`);
    throw error;
  }
}
