import { depthChange, isWord, LexError, nextToken, type Token } from './lexer.ts';

/** Where the parts of an INSERT with data lie in its text; all are byte offsets. */
export interface InsertLayout {
  /** Behind `INSERT INTO t (columns)`. */
  readonly headEnd: number;
  /** Behind `SETTINGS …`, where FORMAT or VALUES stands. */
  readonly formatAt: number;
  readonly format: string;
  readonly dataAt: number;
}

const rowsFromElsewhere = new Set(['SELECT', 'WITH', 'FROM', 'WATCH']);
const isRowSource = (token: Token): boolean =>
  token.kind === 'word' && rowsFromElsewhere.has(token.text.toUpperCase());
const isOpen = (token: Token | undefined): boolean => token?.kind === 'symbol' && token.text === '(';

/** The byte after the blanks and at most one line end that separate an INSERT from its inline data. */
function dataStart(text: string, at: number): number {
  let here = at;
  while (text[here] === ' ' || text[here] === '\t' || text[here] === '\f') here += 1;
  // `FORMAT X;` may be closed by a semicolon before its data.
  if (text[here] === ';') here += 1;
  if (text[here] === '\r') here += 1;
  if (text[here] === '\n') here += 1;
  return here;
}

/** The end of `[INTO] [TABLE] name`, or undefined when a table function follows. */
function targetEnd(text: string, from: number): number | undefined {
  let token = nextToken(text, from);
  for (const optional of ['INTO', 'TABLE']) {
    if (token && isWord(token, optional)) token = nextToken(text, token.end);
  }
  if (token?.kind !== 'word' && token?.kind !== 'quoted') return undefined;
  const behind = nextToken(text, token.end);
  if (isWord(token, 'FUNCTION') && (behind?.kind === 'word' || behind?.kind === 'quoted')) return undefined;
  let end = token.end;
  for (let dot = behind; dot?.kind === 'symbol' && dot.text === '.'; dot = nextToken(text, end)) {
    end = nextToken(text, dot.end)?.end ?? dot.end;
  }
  return end;
}

/** The end of the parentheses that open at `token`, or undefined when there is a query in them. */
function groupEnd(text: string, token: Token): number | undefined {
  const inner = nextToken(text, token.end);
  if (inner && isRowSource(inner)) return undefined;
  let depth = 1;
  let at = token.end;
  for (let next = inner; next && depth > 0; next = nextToken(text, at)) {
    depth += depthChange(next);
    at = next.end;
  }
  return at;
}

function formatName(text: string, token: Token): { format: string; end: number } {
  if (isWord(token, 'VALUES')) return { format: 'Values', end: token.end };
  const name = nextToken(text, token.end);
  if (name?.kind !== 'word') throw new LexError('FORMAT without a name', token.start);
  return { format: name.text, end: name.end };
}

/**
 * Finds the parts of an INSERT that carries data, given the end of the word INSERT. Undefined when its rows
 * come from a query, a file or go to a table function. An INSERT without FORMAT takes `Values`.
 */
export function layoutOfInsert(text: string, from: number): InsertLayout | undefined {
  const target = targetEnd(text, from);
  if (target === undefined) return undefined;
  let settingsAt: number | undefined;
  let at = target;
  for (let token = nextToken(text, at); token; token = nextToken(text, at)) {
    if (isWord(token, 'FORMAT') || isWord(token, 'VALUES')) {
      const { format, end } = formatName(text, token);
      return {
        headEnd: settingsAt ?? token.start,
        formatAt: token.start,
        format,
        dataAt: dataStart(text, end),
      };
    }
    if (isRowSource(token)) return undefined;
    if (isWord(token, 'SETTINGS')) settingsAt ??= token.start;
    const end = isOpen(token) ? groupEnd(text, token) : token.end;
    if (end === undefined) return undefined;
    at = end;
  }
  return { headEnd: settingsAt ?? text.length, formatAt: text.length, format: 'Values', dataAt: text.length };
}
