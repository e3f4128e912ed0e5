import type { Job } from './lane-protocol.ts';
import { isWord, type Token } from './lexer.ts';
import { namedFormat, type Statement } from './statement.ts';

/**
 * Formats whose pieces may be put one behind the other. The engine formats each chunk of a streamed result as a
 * document of its own, so everything with a head, a foot or a separator between rows has to come in one piece.
 */
const streamable: ReadonlySet<string> = new Set([
  'tabseparated',
  'tsv',
  'tabseparatedraw',
  'tsvraw',
  'raw',
  'tskv',
  'csv',
  'jsoneachrow',
  'jsonlines',
  'ndjson',
  'jsonstringseachrow',
  'jsoncompacteachrow',
  'jsoncompactstringseachrow',
  'rowbinary',
  'native',
  'msgpack',
  'rawblob',
  'null',
]);

/** The engine streams queries only; SHOW, DESCRIBE and the like answer in one piece. */
const streamedKinds = new Set(['SELECT', 'WITH', 'FROM', '(']);

const endWords = ['TOTALS', 'EXTREMES', 'OUTPUT_FORMAT_JSON_ARRAY_OF_ROWS'];

/** Whether a result may be sent chunk by chunk: by its format, and because nothing follows its last row. */
function canStream(format: string, tokens: readonly Token[], query: URLSearchParams): boolean {
  if (!streamable.has(format.toLowerCase()) || query.get('wait_end_of_query') === '1') return false;
  if (query.get('output_format_json_array_of_rows') === '1' || query.get('extremes') === '1') return false;
  return !tokens.some((token) => endWords.some((word) => isWord(token, word)));
}

export interface Delivery {
  readonly mode: Job['mode'];
  /** The format of the answer; an INSERT has none. */
  readonly format: string | undefined;
}

/** How the answer to a statement is delivered. */
export function deliveryOf(
  { kind, tokens }: Pick<Statement, 'kind' | 'tokens'>,
  query: URLSearchParams,
): Delivery {
  if (kind === 'INSERT') return { mode: 'insert', format: undefined };
  const format = namedFormat(tokens) ?? (query.get('default_format') || 'TabSeparated');
  return { mode: streamedKinds.has(kind) && canStream(format, tokens, query) ? 'stream' : 'whole', format };
}
