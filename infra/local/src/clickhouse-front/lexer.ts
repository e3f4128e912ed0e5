/**
 * A lexer for ClickHouse SQL, enough to find out what kind of statement a text is and where the data of an
 * INSERT begins. It works on latin1 text (one character = one byte), so offsets are byte offsets and binary
 * data behind the statement is never decoded. Each byte is looked at once: no text makes it slow.
 */

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  /** The text as written; for `quoted` the name without its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Thrown on a text that the engine would read differently from us, or not at all. */
export class LexError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.offset = offset;
  }
}

const word = /[A-Za-z_][A-Za-z0-9_$]*/y;
const number =
  /0[xX][0-9a-fA-F_]+|0[bB][01_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?/y;
const heredocTag = /\$[A-Za-z0-9_]*\$/y;
const blanks = /[\t\n\v\f\r ]+/y;
const lineCommentMarks = ['--', '//', '#!', '# '];
const wordBegin = /[A-Za-z_]/;
const numberBegin = /[0-9.]/;
const quotes: ReadonlySet<string> = new Set(["'", '"', '`']);

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The engine nests comments. One within another is refused, so that nothing hangs on how they are counted. */
function blockCommentEnd(text: string, start: number): number {
  const end = text.indexOf('*/', start + 2);
  if (end < 0) throw new LexError('comment without end', start);
  if (text.slice(start + 1, end).includes('/*')) throw new LexError('comment within a comment', start);
  return end + 2;
}

function commentEnd(text: string, start: number): number {
  if (text.startsWith('/*', start)) return blockCommentEnd(text, start);
  if (!lineCommentMarks.some((mark) => text.startsWith(mark, start))) return -1;
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

/** The offset of the first byte at or after `at` that is neither white space nor comment. */
export function skipBlank(text: string, at: number): number {
  let here = at;
  for (let next = here; next >= 0; next = Math.max(matchAt(blanks, text, here), commentEnd(text, here)))
    here = next;
  return here;
}

/** The end of what opens with a quote: a backslash takes one byte with it, a doubled quote stands for itself. */
function quoteEnd(text: string, start: number, mark: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === mark && text[at + 1] === mark) at += 1;
    else if (text[at] === mark) return at + 1;
  }
  throw new LexError(`quote ${mark} without end`, start);
}

function quotedToken(text: string, start: number, mark: string): Token {
  const end = quoteEnd(text, start, mark);
  const inner = text.slice(start + 1, end - 1);
  if (mark === "'") return { kind: 'string', text: inner, start, end };
  const name = inner.replaceAll(mark + mark, mark).replaceAll(/\\(.)/gs, '$1');
  return { kind: 'quoted', text: name, start, end };
}

/** `$tag$ … $tag$`. Any other dollar outside of a word is refused: nobody needs one, and readings differ. */
function heredocToken(text: string, start: number): Token {
  const open = matchAt(heredocTag, text, start);
  const close = open < 0 ? -1 : text.indexOf(text.slice(start, open), open);
  if (close < 0) throw new LexError('unexpected $', start);
  const end = close + (open - start);
  return { kind: 'string', text: text.slice(start, end), start, end };
}

function tokenBy(pattern: RegExp, kind: TokenKind, text: string, start: number): Token | undefined {
  const end = matchAt(pattern, text, start);
  return end < 0 ? undefined : { kind, text: text.slice(start, end), start, end };
}

/** The token that begins at or after `at`, or undefined at the end of the text. */
export function nextToken(text: string, at: number): Token | undefined {
  const start = skipBlank(text, at);
  const character = text[start];
  if (character === undefined) return undefined;
  if (wordBegin.test(character)) return tokenBy(word, 'word', text, start);
  if (quotes.has(character)) return quotedToken(text, start, character);
  if (character === '$') return heredocToken(text, start);
  const digits = numberBegin.test(character) ? tokenBy(number, 'number', text, start) : undefined;
  if (digits) return digits;
  // Typographic quotes quote for the engine; NUL ends its text. Nobody needs either outside of a string.
  if (character === '\0' || character > '\x7e')
    throw new LexError('unexpected byte outside of quotes', start);
  return { kind: 'symbol', text: character, start, end: start + 1 };
}

/** All tokens of a text. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let token = nextToken(text, 0); token; token = nextToken(text, token.end)) tokens.push(token);
  return tokens;
}

/** Whether a token is the given keyword, in any case. */
export function isWord(token: Token | undefined, keyword: string): boolean {
  return (
    token?.kind === 'word' && token.text.length === keyword.length && token.text.toUpperCase() === keyword
  );
}

/** How a token changes the depth of parentheses. */
export function depthChange(token: Token): -1 | 0 | 1 {
  if (token.kind !== 'symbol') return 0;
  if (token.text === '(') return 1;
  return token.text === ')' ? -1 : 0;
}
