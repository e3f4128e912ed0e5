/**
 * A lexer for ClickHouse SQL, enough to find out what kind of statement a text is and where the data of an
 * INSERT begins. It works on latin1 text (one character = one byte), so offsets are byte offsets and binary
 * data behind the statement is never decoded.
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

const space = /[\t\n\v\f\r ]+/y;
const lineComment = /(?:--|\/\/|#!|# )[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const word = /[A-Za-z_][A-Za-z0-9_$]*/y;
const number =
  /0[xX][0-9a-fA-F_]+|0[bB][01_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?/y;
const heredoc = /\$([A-Za-z0-9_]*)\$[\s\S]*?\$\1\$/y;
const quote = {
  "'": /'(?:[^'\\]|\\[\s\S]|'')*'/y,
  '"': /"(?:[^"\\]|\\[\s\S]|"")*"/y,
  '`': /`(?:[^`\\]|\\[\s\S]|``)*`/y,
};

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The offset of the first byte at or after `at` that is neither white space nor comment. */
export function skipBlank(text: string, at: number): number {
  let here = at;
  for (;;) {
    const next = [space, lineComment, blockComment]
      .map((p) => matchAt(p, text, here))
      .find((end) => end > here);
    if (next === undefined) break;
    here = next;
  }
  if (text.startsWith('/*', here)) throw new LexError('comment without end', here);
  return here;
}

function isQuote(character: string): character is keyof typeof quote {
  return character in quote;
}

function quotedToken(text: string, start: number, mark: keyof typeof quote): Token {
  const end = matchAt(quote[mark], text, start);
  if (end < 0) throw new LexError(`quote ${mark} without end`, start);
  const inner = text.slice(start + 1, end - 1);
  if (mark === "'") return { kind: 'string', text: inner, start, end };
  return {
    kind: 'quoted',
    text: inner.replaceAll(mark + mark, mark).replaceAll(/\\(.)/gs, '$1'),
    start,
    end,
  };
}

/** The token that begins at or after `at`, or undefined at the end of the text. */
export function nextToken(text: string, at: number): Token | undefined {
  const start = skipBlank(text, at);
  const character = text[start];
  if (character === undefined) return undefined;
  if (isQuote(character)) return quotedToken(text, start, character);
  for (const [kind, pattern] of [
    ['word', word],
    ['number', number],
    ['string', heredoc],
  ] as const) {
    const end = matchAt(pattern, text, start);
    if (end > 0) return { kind, text: text.slice(start, end), start, end };
  }
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
  return token?.kind === 'word' && token.text.toUpperCase() === keyword;
}

/** How a token changes the depth of parentheses. */
export function depthChange(token: Token): -1 | 0 | 1 {
  if (token.kind !== 'symbol') return 0;
  if (token.text === '(') return 1;
  return token.text === ')' ? -1 : 0;
}
