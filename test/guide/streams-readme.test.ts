import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'services/shared/streams/README.md'), 'utf8');
const example = join(root, `.local/streams-readme-${process.pid}.ts`);

function block(language: string): string {
  const found = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  if (found.length !== 1) throw new Error(`the README has ${found.length} blocks of ${language}`);
  return found[0]?.[1] ?? '';
}

async function runExample(more: string): Promise<string> {
  mkdirSync(join(root, '.local'), { recursive: true });
  writeFileSync(example, `${block('ts')}${more}`);
  const env = { ...process.env, NODE_OPTIONS: '' };
  return (await promisify(execFile)(process.execPath, [example], { cwd: root, env })).stdout;
}

describe('the README of the stream engine', () => {
  afterAll(() => rmSync(example, { force: true }));

  it('has an example that runs as it is and prints what is shown', async () => {
    expect(await runExample('')).toBe(block('text'));
  }, 20_000);

  it('shows the graph that the example describes', async () => {
    const printed = await runExample(
      "import { mermaidOf } from '@zhongtai/streams';\nconsole.log('---');\nconsole.log(mermaidOf(shop));",
    );
    expect(printed.split('---\n')[1]?.trimEnd()).toBe(block('mermaid').trimEnd());
  }, 20_000);

  it('names every operator that there is', async () => {
    const exported = Object.keys(await import('@zhongtai/streams'));
    const others =
      /^(createEngine|compareWithRebuild|moveInput|forgetTopology|isInstanceName|application|topology|describeTopology|graphOf|mermaidOf|.*Serde|.*Error|.*Log|.*State.*|.*Topics?)$/;
    for (const name of exported.filter((each) => !others.test(each))) expect(readme).toContain(`\`${name}`);
  });
});
