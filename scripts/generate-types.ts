/**
 * Copies the envelope into every event record, then writes the TypeScript types.
 * `--check` writes nothing and fails when a file is not as it would be written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSchema, schemaOf, schemaPath, schemaText, topics } from '@zhongtai/schemas';
import { formatSchema, generateTypes, type TypeFile, withEnvelope } from '@zhongtai/schemas/tools';

const folder = fileURLToPath(new URL('../schemas/', import.meta.url));
const envelope = schemaOf('zhongtai.Envelope');

function syncedRecords(): TypeFile[] {
  return Object.values(topics).flatMap((topic) =>
    topic.records.map((record) => {
      const schema = parseSchema(schemaText(record.name));
      const synced =
        topic.source === null ? schema : withEnvelope(schema, envelope, formerEnvelope(record.name));
      return { path: schemaPath(record.name), text: formatSchema(synced) };
    }),
  );
}

/** The envelope that the record carries now: everything before its first own field. */
function formerEnvelope(recordName: string) {
  const schema = schemaOf(recordName);
  const names = new Set(envelope.fields.map((field) => field.name));
  const end = schema.fields.findLastIndex((field) => names.has(field.name));
  return { ...schema, fields: schema.fields.slice(0, end + 1) };
}

function write(files: readonly TypeFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function drifted(files: readonly TypeFile[]): string[] {
  return files.filter(({ path, text }) => current(path) !== text).map(({ path }) => join('schemas', path));
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(folder, path), 'utf8');
  } catch {
    return undefined;
  }
}

const records = [{ path: './envelope.avsc', text: formatSchema(envelope) }, ...syncedRecords()];
const synced = new Map(records.map(({ path, text }) => [path, parseSchema(text)]));
const types = generateTypes({
  topics,
  schemaOf: (name) => synced.get(schemaPath(name)) ?? schemaOf(name),
}).map(({ path, text }) => ({ path: join('types', path), text }));
const files = [...records, ...types];
const stale = drifted(files);
if (process.argv.includes('--check')) {
  for (const path of stale) console.log(`${path} is not up to date: run node scripts/generate-types.ts`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  write(files);
  console.log(`${files.length} files, ${stale.length} changed`);
}
