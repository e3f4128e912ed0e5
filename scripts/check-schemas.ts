/**
 * Checks the contract: the form of every record, and that no change breaks readers or writers of the last
 * committed version. `--root <folder>` checks another working copy.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type AvroRecord, parseSchema, schemaPath, topics } from '@zhongtai/schemas';
import {
  describeProblem,
  incompatibilities,
  lintEnvelope,
  lintRecord,
  lintSharedTypes,
  type Problem,
} from '@zhongtai/schemas/tools';
import avro from 'avsc';

const { values } = parseArgs({ options: { root: { type: 'string' } } });
const root = resolve(values.root ?? fileURLToPath(new URL('..', import.meta.url)));
const eventFolders = new Set(Object.values(topics).flatMap(({ source }) => source ?? []));

interface SchemaFile {
  /** Path below the root, with slashes. */
  readonly path: string;
  readonly schema: AvroRecord;
}

function readFiles(): { files: SchemaFile[]; problems: Problem[] } {
  const files: SchemaFile[] = [];
  const problems: Problem[] = [];
  for (const found of globSync('schemas/**/*.avsc', { cwd: root, exclude: ['**/node_modules/**'] }).sort()) {
    const path = found.replaceAll('\\', '/');
    try {
      const schema = parseSchema(readFileSync(join(root, path), 'utf8'));
      avro.Type.forSchema(JSON.parse(JSON.stringify(schema)));
      files.push({ path, schema });
    } catch (cause) {
      const rule = `is not an Avro schema (${cause instanceof Error ? cause.message : String(cause)})`;
      problems.push({ record: path, field: '', rule, remedy: 'Correct the file' });
    }
  }
  return { files, problems };
}

function lint(files: readonly SchemaFile[]): Problem[] {
  const envelope = files.find(({ path }) => path === 'schemas/envelope.avsc')?.schema;
  return [
    ...files.flatMap(({ schema }) => lintRecord(schema)),
    ...lintSharedTypes(files.map(({ schema }) => schema)),
    ...files.flatMap(({ path, schema }) =>
      envelope !== undefined && [...eventFolders].some((folder) => path.startsWith(`schemas/${folder}/`))
        ? lintEnvelope(schema, envelope)
        : [],
    ),
    ...lintCatalogue(files),
  ];
}

/** Every file is in the catalogue, and every record of the catalogue has its file. */
function lintCatalogue(files: readonly SchemaFile[]): Problem[] {
  const named = new Map(
    Object.values(topics)
      .flatMap((topic) => topic.records)
      .map(({ name }) => [join('schemas', schemaPath(name)).replaceAll('\\', '/'), name]),
  );
  named.set('schemas/envelope.avsc', 'zhongtai.Envelope');
  const problems: Problem[] = [];
  for (const { path, schema } of files) {
    const name = `${schema.namespace}.${schema.name}`;
    if (named.get(path) !== name) {
      const rule = `${path} is not where the catalogue looks for it`;
      problems.push({
        record: name,
        field: '',
        rule,
        remedy: 'Name file and record alike and enter it in the topics',
      });
    }
    named.delete(path);
  }
  for (const [path, record] of named) {
    problems.push({
      record,
      field: '',
      rule: `${path} is missing`,
      remedy: 'Keep the record: topics hold it',
    });
  }
  return problems;
}

function git(...args: readonly string[]): string | null {
  try {
    return execFileSync('git', ['-C', root, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

interface Comparison {
  readonly problems: readonly Problem[];
  readonly summary: string;
}

/** What readers and writers out there may still have: the last commits, what others have, what was released. */
function committedVersions(): string[] {
  const revisions = [
    git('rev-parse', '-q', '--verify', 'HEAD'),
    git('rev-parse', '-q', '--verify', 'HEAD~1'),
    git('merge-base', 'HEAD', '@{upstream}'),
    git('rev-list', '--tags', '--max-count=1'),
  ];
  return [...new Set(revisions.flatMap((revision) => revision?.trim() || []))];
}

/** Every record that is not as it was at one of these versions must be able to read it and be read by it. */
function compareWithCommitted(files: readonly SchemaFile[], unread: ReadonlySet<string>): Comparison {
  const prefix = git('rev-parse', '--show-prefix')?.trim();
  const versions = committedVersions();
  if (prefix === undefined || versions.length === 0) {
    return { problems: [], summary: 'no committed version to compare with (not a git working copy)' };
  }
  const problems = new Map<string, Problem>();
  const compared = new Set<string>();
  for (const version of versions) {
    for (const path of changedSince(version)) {
      const before = git('show', `${version}:${prefix}${path}`);
      if (before === null || unread.has(path)) continue;
      compared.add(path);
      const after = files.find((file) => file.path === path);
      for (const problem of compare(parseSchema(before), after?.schema)) {
        problems.set(describeProblem(problem), problem);
      }
    }
  }
  const reach =
    git('rev-parse', '-q', '--verify', 'HEAD~1') === null
      ? ' (the commit before the last is not here: a shallow clone or a first commit)'
      : '';
  const summary = `${compared.size} changed records compared with their committed version${reach}`;
  return { problems: [...problems.values()], summary };
}

function changedSince(version: string): string[] {
  const listed = git('diff', '--name-only', '--relative', version, '--', 'schemas') ?? '';
  return listed.split('\n').filter((path) => path.endsWith('.avsc'));
}

function compare(before: AvroRecord, after: AvroRecord | undefined): Problem[] {
  const record = `${before.namespace}.${before.name}`;
  if (after !== undefined) return incompatibilities(before, after);
  return [
    { record, field: '', rule: 'the record was removed', remedy: 'Keep it: topics and tables hold it' },
  ];
}

const { files, problems } = readFiles();
const comparison = compareWithCommitted(files, new Set(problems.map(({ record }) => record)));
const all = [...problems, ...lint(files), ...comparison.problems];
for (const problem of all) console.log(describeProblem(problem));
console.log(`${files.length} schemas, ${comparison.summary}, ${all.length} problems`);
process.exitCode = all.length === 0 ? 0 : 1;
