import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('./check-schemas.ts', import.meta.url));
const schemas = fileURLToPath(new URL('../schemas', import.meta.url));
const committed = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '-qm', 'change'];
let root = '';

const git = (...args: readonly string[]) => execFileSync('git', ['-C', root, ...args]);
const path = () => join(root, 'schemas/order/order-placed.avsc');

/** The check as `make check` runs it, on another working copy. */
function check(at = root): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--root', at], {
    encoding: 'utf8',
  });
  return { status, output: `${stdout}${stderr}` };
}

function edit(from: string | RegExp, to: string): void {
  const text = readFileSync(path(), 'utf8');
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`nothing to replace: ${from}`);
  writeFileSync(path(), edited);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'zhongtai-schemas-'));
  cpSync(schemas, join(root, 'schemas'), {
    recursive: true,
    filter: (from) => !/node_modules|\.ts$/.test(from),
  });
  git('init', '-q');
  git('add', '-A');
  git(...committed);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the check of the contract', () => {
  it('passes on what is committed and says what it looked at', () => {
    expect(check()).toEqual({
      status: 0,
      output: expect.stringMatching(/^91 schemas, 0 changed records .*shallow clone.* 0 problems\n$/),
    });
  });

  it('passes on a new field with a default', () => {
    edit(
      '"name": "is_gift",',
      '"name": "gift_note_ref", "type": "string", "default": "", "doc": "Note.", "pii": "none" },\n    { "name": "is_gift",',
    );
    expect(check()).toMatchObject({
      status: 0,
      output: expect.stringContaining('1 changed records compared'),
    });
    git('checkout', '-q', '.');
  });

  it('names the field of an incompatible change, before the commit and after it', () => {
    edit(
      /"name": "is_gift",\s+"type": "boolean",\s+"default": false/,
      '"name": "is_gift", "type": "int", "default": 0',
    );
    const words = 'zhongtai.order.OrderPlaced.is_gift: the type changed from boolean to int.';
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining(words) });
    git('add', 'schemas');
    git(...committed);
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining(words) });
  });

  it('still names it commits later, where a release has the record as it was', () => {
    git('tag', 'v1', 'HEAD~1');
    git(...committed, '--allow-empty');
    expect(check()).toMatchObject({
      status: 1,
      output: expect.stringContaining('is_gift: the type changed from boolean to int.'),
    });
    git('tag', '-d', 'v1');
    expect(check().status).toBe(0);
    git('reset', '-q', '--hard', 'HEAD~1');
  });

  it('names what a shallow clone cannot compare', () => {
    const clone = join(root, 'clone');
    execFileSync('git', ['clone', '-q', '--depth', '1', `file://${root}`, clone]);
    expect(check(clone)).toMatchObject({ status: 0, output: expect.stringContaining('shallow clone') });
  });

  it('names a record that is gone and a file that is no schema', () => {
    git('reset', '-q', '--hard', 'HEAD~1');
    rmSync(join(root, 'schemas/order/pos-sale.avsc'));
    writeFileSync(path(), '{ "type": "record"');
    const { status, output } = check();
    expect(status).toBe(1);
    expect(output).toContain('zhongtai.order.PosSale: the record was removed');
    expect(output).toContain('schemas/order/order-placed.avsc: is not an Avro schema');
    expect(output).not.toContain('zhongtai.order.OrderPlaced: the record was removed');
  });
});
