import { readIfThere, withLock, writeAtomically } from './files.ts';

/** Who may be found in `endpoints.json`, by the name that scripts, tests and tools look up. */
const endpointNames = [
  'kafka',
  'registry',
  'clickhouse',
  'postgres',
  'apiGateway',
  'access',
  'insight',
  'console',
  'databaseGateway',
  'fileGateway',
  'fileDrop',
] as const;
export type EndpointName = (typeof endpointNames)[number];
/** Address (or path, for `fileDrop`) of whatever runs now. */
export type Endpoints = Partial<Record<EndpointName, string>>;

const staleLockMs = 5_000;

function fileOf(directory: string): string {
  return `${directory}/endpoints.json`;
}

/** What runs in this stack directory; empty when nothing was ever started there. */
export async function readEndpoints(directory: string): Promise<Endpoints> {
  const text = await readIfThere(fileOf(directory));
  if (text === undefined) return {};
  const parsed: unknown = JSON.parse(text);
  const found: Endpoints = {};
  if (typeof parsed !== 'object' || parsed === null) return found;
  const entries = new Map<string, unknown>(Object.entries(parsed));
  for (const name of endpointNames) {
    const value = entries.get(name);
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}

/** Merges addresses into the file; `null` takes one out. Safe against other processes that do the same. */
export async function writeEndpoints(
  directory: string,
  partial: Partial<Record<EndpointName, string | null>>,
): Promise<Endpoints> {
  return withLock(fileOf(directory), staleLockMs, async () => {
    const merged = await readEndpoints(directory);
    for (const name of endpointNames) {
      const value = partial[name];
      if (value === null) delete merged[name];
      else if (value !== undefined) merged[name] = value;
    }
    await writeAtomically(fileOf(directory), `${JSON.stringify(merged, null, 2)}\n`);
    return merged;
  });
}
