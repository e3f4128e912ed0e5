import type { Warehouse } from '@zhongtai/warehouse';
import type { Dataset } from '../datasets/index.ts';
import { questions } from './questions.ts';
import { renderTable } from './table.ts';

export interface AskOptions {
  readonly dataset: Dataset;
  readonly warehouse: Warehouse;
  readonly say: (line?: string) => void;
}

/** Asks the five questions and prints SQL and answer. Returns whether each known answer came out. */
export async function askQuestions({ dataset, warehouse, say }: AskOptions): Promise<boolean> {
  let asExpected = true;
  for (const [index, { title, sql, expect }] of questions.entries()) {
    const startedAt = performance.now();
    const rows = await warehouse.query<Record<string, unknown>>(sql);
    const tookMs = performance.now() - startedAt;
    const columns = Object.keys(rows[0] ?? {});
    say(`\n問題 ${index + 1} ${title.zh}\n${title.en}\n\n${indent(sql)}\n`);
    say(renderTable([columns, ...rows.map((row) => columns.map((column) => String(row[column])))]));
    say(`(${Math.round(tookMs)} ms)`);
    if (expect === undefined || dataset.published === null) continue;
    const answer = String(rows[0]?.[columns[0] ?? '']);
    const right = answer === expect.value;
    asExpected &&= right;
    say(`${right ? '✓' : '✗'} ${answer} ${right ? '=' : `instead of ${expect.value},`} ${expect.source}`);
  }
  return asExpected;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
