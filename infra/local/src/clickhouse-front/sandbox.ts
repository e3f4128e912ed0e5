import { ClickHouseError } from './exceptions.ts';
import { depthChange, isWord, type Token, tokensOf } from './lexer.ts';
import {
  deniedFunctions,
  deniedSetting,
  engines,
  enginesOwn,
  isKnownFunction,
  outsideNames,
  readingKinds,
  serviceKinds,
  showable,
  statementWords,
  systemTables,
  tableFunctionsDeniedToAnalyst,
  takingAway,
} from './policy.ts';

export type Right = 'service' | 'analyst';

/** ACCESS_DENIED, in the words in which the front refuses. */
export function denied(what: string): ClickHouseError {
  return new ClickHouseError(497, 'ACCESS_DENIED', `Not allowed here: ${what}`);
}

const isName = (token: Token | undefined): token is Token =>
  token?.kind === 'word' || token?.kind === 'quoted';
const isSymbol = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'symbol' && token.text === text;

function checkName(name: string, right: Right): void {
  const lower = name.toLowerCase();
  if (outsideNames.has(lower) || deniedFunctions.has(lower)) throw denied(`${lower}()`);
  if (right === 'analyst' && tableFunctionsDeniedToAnalyst.has(lower)) throw denied(`${lower}()`);
}

const braceDepth = (token: Token): number => (isSymbol(token, '{') ? 1 : isSymbol(token, '}') ? -1 : 0);

/**
 * Looks once more through an analyst's statement as the engine itself writes it down: without comments, every
 * name followed by its parenthesis. What hides in a comment or a quote from us and not from the engine shows here,
 * and so do the functions inside of APPLY, which its tree does not show.
 */
export function checkWrittenAnew(tokens: readonly Token[]): void {
  checkText(tokens, 'analyst');
  if (!tokens.some((token) => isWord(token, 'APPLY'))) return;
  let braces = 0;
  for (const [at, token] of tokens.entries()) {
    braces += braceDepth(token);
    const next = tokens[at + 1];
    if (braces > 0 || !isName(token)) continue;
    const called = isSymbol(next, '(') && next?.start === token.end;
    const applied = isWord(tokens[at - 1], 'APPLY') && !isSymbol(next, '-');
    if ((called || applied) && !isKnownFunction(token.text)) throw denied(`${token.text}()`);
  }
}

function checkKind(tokens: readonly Token[], right: Right): void {
  const kind = tokens[0]?.text.toLowerCase() ?? '';
  const second = tokens[1]?.text.toLowerCase() ?? '';
  if (kind === '') throw new ClickHouseError(62, 'SYNTAX_ERROR', 'Syntax error: Empty query');
  if (!statementWords.has(kind))
    throw new ClickHouseError(
      62,
      'SYNTAX_ERROR',
      `Syntax error: ${tokens[0]?.text ?? ''} begins no statement`,
    );
  if (right === 'analyst') checkReading(kind, second);
  else {
    checkServing(kind, second);
    checkTakingAway(tokens);
  }
}

function checkReading(kind: string, second: string): void {
  if (!readingKinds.has(kind))
    throw new ClickHouseError(164, 'READONLY', `Cannot execute ${kind.toUpperCase()} in readonly mode`);
  if (kind === 'show' && !showable.has(second)) throw denied(`SHOW ${second}`);
}

/** Without its system tables the engine serves nobody, so nobody takes them away. */
function checkTakingAway(tokens: readonly Token[]): void {
  const kind = tokens[0]?.text.toLowerCase() ?? '';
  if (!takingAway.has(kind)) return;
  const name = tokens.find((token) => isName(token) && enginesOwn.has(token.text.toLowerCase()));
  if (name) throw denied(`${kind.toUpperCase()} of ${name.text}`);
}

function checkServing(kind: string, second: string): void {
  const allowed = serviceKinds.get(kind);
  if (!serviceKinds.has(kind)) throw denied(`${kind.toUpperCase()} statements`);
  if (allowed && !allowed.has(second)) throw denied(`${kind.toUpperCase()} ${second.toUpperCase()}`);
}

interface Place {
  readonly kind: string;
  readonly before: Token | undefined;
  readonly next: Token | undefined;
  readonly third: Token | undefined;
}

function checkEngine({ kind, next, third }: Place): void {
  const name = isSymbol(next, '=') ? third : next;
  if (!['CREATE', 'REPLACE', 'ATTACH'].includes(kind)) return;
  if (isName(name) && !engines.has(name.text.toLowerCase())) throw denied(`engine ${name.text}`);
}

/** `APPLY(f)` calls f without a parenthesis behind its name. */
function checkApply({ next, third }: Place): void {
  const name = isSymbol(next, '(') ? third : next;
  if (isName(name)) checkName(name.text, 'service');
}

/** Words that are refused by what stands around them. */
const keywords: Readonly<Record<string, (place: Place) => void>> = {
  OUTFILE({ before }) {
    if (isWord(before, 'INTO')) throw denied('INTO OUTFILE');
  },
  INFILE({ before }) {
    if (isWord(before, 'FROM')) throw denied('FROM INFILE');
  },
  FUNCTION({ kind, next, third }) {
    if (kind === 'INSERT' && isName(next) && isSymbol(third, '(')) throw denied('INSERT INTO FUNCTION');
    if (kind === 'CREATE') throw denied('CREATE FUNCTION');
  },
  ENGINE: checkEngine,
  APPLY: checkApply,
  PARALLEL({ next }) {
    if (isWord(next, 'WITH')) throw denied('PARALLEL WITH');
  },
  FROM({ kind }) {
    if (kind === 'ATTACH') throw denied('ATTACH FROM');
  },
  FREEZE: refuseInAlter,
  UNFREEZE: refuseInAlter,
  FETCH: refuseInAlter,
};

function refuseInAlter({ kind }: Place): void {
  if (kind === 'ALTER') throw denied('ALTER TABLE with FREEZE, UNFREEZE or FETCH');
}

function checkKeyword(tokens: readonly Token[], at: number, kind: string): void {
  const token = tokens[at];
  const check = token?.kind === 'word' ? keywords[token.text.toUpperCase()] : undefined;
  check?.({ kind, before: tokens[at - 1], next: tokens[at + 1], third: tokens[at + 2] });
}

function checkSystemTable(tokens: readonly Token[], at: number): void {
  const [token, dot, table] = [tokens[at], tokens[at + 1], tokens[at + 2]];
  if (!isName(token) || token.text.toLowerCase() !== 'system' || !isSymbol(dot, '.') || !isName(table))
    return;
  if (!systemTables.has(table.text.toLowerCase())) throw denied(`system.${table.text}`);
}

function unescaped(text: string): string {
  return text.replaceAll("''", "'").replaceAll(/\\(.)/gs, '$1');
}

const remoteKeys = new Set(['HOST', 'PORT', 'SECURE', 'NAME']);
const queryKeys = new Set(['QUERY', 'INVALIDATE_QUERY', 'WHERE']);

function checkSourceKey(key: Token, value: Token | undefined): void {
  const name = key.text.toUpperCase();
  if (remoteKeys.has(name)) throw denied(`${name} in a dictionary source`);
  if (queryKeys.has(name)) checkNames(tokensOf(unescaped(value?.text ?? '')), 'service');
}

/** `SOURCE(CLICKHOUSE(TABLE … DB …))`: only our own tables, and no text in which a query could hide. */
function checkDictionarySource(tokens: readonly Token[], from: number): void {
  const source = tokens[from + 2];
  if (!isName(source)) throw denied('a dictionary source without a kind');
  const kind = source.text.toLowerCase();
  if (kind === 'null') return;
  if (kind !== 'clickhouse') throw denied(`dictionary source ${source.text}`);
  let depth = 0;
  for (const [offset, token] of tokens.slice(from + 3).entries()) {
    depth += depthChange(token);
    if (depth <= 0) return;
    if (isName(token)) checkSourceKey(token, tokens[from + offset + 4]);
  }
}

function checkNames(tokens: readonly Token[], right: Right): void {
  for (const [at, token] of tokens.entries()) {
    if (isName(token) && isSymbol(tokens[at + 1], '(')) checkName(token.text, right);
    if (right === 'analyst') checkSystemTable(tokens, at);
  }
}

function checkSettings(tokens: readonly Token[], right: Right): void {
  const from = tokens.findIndex(
    (token) => isWord(token, 'SETTINGS') || isWord(token, 'SETTING') || isWord(token, 'SET'),
  );
  if (from < 0) return;
  for (const [offset, token] of tokens.slice(from).entries()) {
    const next = tokens[from + offset + 1];
    if (isName(token) && isSymbol(next, '=') && deniedSetting.test(token.text.toLowerCase()))
      throw denied(`setting ${token.text}`);
  }
  if (
    right === 'analyst' &&
    tokens.some(
      (token, at) => isWord(token, 'SETTINGS') && isName(tokens[at + 1]) && isSymbol(tokens[at + 2], '='),
    )
  ) {
    throw new ClickHouseError(
      164,
      'READONLY',
      'Cannot modify settings inside of a query in readonly mode; give them in the URL',
    );
  }
}

/**
 * Refuses SQL that reaches out of the data directory, before the engine sees it. It reads the text, not the
 * tree: the engine's tree does not show everything (a lambda inside APPLY, settings, dictionary keys), and
 * whatever this reading misses is looked for in the tree afterwards.
 *
 * @throws ClickHouseError 497 (ACCESS_DENIED), 164 (READONLY) or 62 (SYNTAX_ERROR) for what begins no statement.
 */
export function checkText(tokens: readonly Token[], right: Right): void {
  checkKind(tokens, right);
  const kind = tokens[0]?.text.toUpperCase() ?? '';
  const mayHaveSource = kind === 'CREATE' || kind === 'REPLACE';
  for (const [at, token] of tokens.entries()) {
    checkKeyword(tokens, at, kind);
    if (mayHaveSource && isWord(token, 'SOURCE') && isSymbol(tokens[at + 1], '('))
      checkDictionarySource(tokens, at);
  }
  checkNames(tokens, right);
  checkSettings(tokens, right);
}
