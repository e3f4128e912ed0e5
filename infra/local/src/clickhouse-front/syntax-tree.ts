import {
  deniedFunctions,
  isKnownFunction,
  outsideNames,
  systemTables,
  tableFunctions,
  tableFunctionsDeniedToAnalyst,
} from './policy.ts';
import { denied, type Right } from './sandbox.ts';

interface Node {
  readonly depth: number;
  readonly text: string;
}

function parseTree(explained: string): Node[] {
  return explained
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ depth: line.length - line.trimStart().length, text: line.trim() }));
}

function checkFunction(name: string, parent: string, right: Right): void {
  if (parent.startsWith('TableExpression') || parent.startsWith('DescribeQuery')) {
    if (!tableFunctions.has(name)) throw denied(`table function ${name}()`);
  } else if (parent.startsWith('InsertQuery')) throw denied('INSERT INTO FUNCTION');
  if (outsideNames.has(name) || deniedFunctions.has(name)) throw denied(`${name}()`);
  if (right === 'analyst' && (tableFunctionsDeniedToAnalyst.has(name) || !isKnownFunction(name)))
    throw denied(`${name}()`);
}

function checkIdentifier(text: string): void {
  const table = /^(?:Table)?Identifier (?:`system`|system)\.`?(\w*)/i.exec(text)?.[1];
  if (table !== undefined && !systemTables.has(table.toLowerCase())) throw denied(`system.${table}`);
}

/**
 * Looks through the engine's own reading of a statement (the text of EXPLAIN AST, after parameters have been
 * put in) for anything outside of the lists: a table function, an engine, a function, a file to write to, and
 * for an analyst a table of `system`.
 *
 * @throws ClickHouseError 497 (ACCESS_DENIED)
 */
export function checkTree(explained: string, right: Right): void {
  const nodes = parseTree(explained);
  const path: Node[] = [];
  for (const node of nodes) {
    while ((path.at(-1)?.depth ?? -1) >= node.depth) path.pop();
    const parent = path.at(-1)?.text ?? '';
    const name = /^Function (\S+)/.exec(node.text)?.[1];
    if (name !== undefined) checkFunction(name.toLowerCase(), parent, right);
    // A result goes to a file only by a literal directly under the query: INTO OUTFILE.
    if (
      node.text.startsWith('Literal') &&
      path.length === 1 &&
      /^(?:SelectWithUnionQuery|InsertQuery)/.test(parent)
    ) {
      throw denied('INTO OUTFILE and FROM INFILE');
    }
    if (right === 'analyst') checkIdentifier(node.text);
    path.push(node);
  }
}
