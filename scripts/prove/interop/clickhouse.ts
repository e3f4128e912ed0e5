import { existsSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type ClientRun, mustRun, runClient } from './run-client.ts';

const clients = join(import.meta.dirname, '../../../test/interop');

export interface ClickHouseTarget {
  readonly url: string;
  readonly database: string;
  readonly folder: string;
  readonly analyst: { readonly user: string; readonly password: string };
}

export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly why?: string;
}

/** The official client's checks, run in its own process. */
export async function checkOfficialClient(target: ClickHouseTarget): Promise<Check[]> {
  const job = join(target.folder, 'clickhouse-client.json');
  await writeFile(job, JSON.stringify({ url: target.url, database: target.database }));
  const run = await runClient(process.execPath, [join(clients, 'clients/clickhouse-client.ts'), job]);
  const lines = run.stdout.toString().split('\n');
  const checks = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Check);
  if (run.code !== 0 && checks.every(({ ok }) => ok)) {
    checks.push({ check: 'the official client ends well', ok: false, why: run.stderr.slice(-500) });
  }
  return checks;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function curl(args: readonly string[], input?: Buffer): Promise<Answer & { run: ClientRun }> {
  const run = await runClient('curl', ['-s', '-i', ...args], input === undefined ? {} : { input });
  const end = run.stdout.indexOf('\r\n\r\n');
  const [first = '', ...lines] = run.stdout.subarray(0, Math.max(end, 0)).toString().split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: run.stdout.subarray(end + 4), run };
}

type CurlCheck = (target: ClickHouseTarget) => Promise<boolean>;

function at(target: ClickHouseTarget, parameters: Record<string, string> = {}): string {
  return `${target.url}/?${new URLSearchParams({ database: target.database, ...parameters })}`;
}

/** `-H Expect:` keeps curl from asking before it sends a body. */
const body = (data: string): string[] => ['-H', 'Expect:', '--data-binary', data];

const said = async (args: string[], expected: string, input?: Buffer): Promise<boolean> =>
  (await curl(args, input)).body.toString() === expected;

const curlChecks: Record<string, CurlCheck> = {
  'curl: ping': ({ url }) => said([`${url}/ping`], 'Ok.\n'),
  'curl: query in the URL': (target) => said([at(target, { query: 'SELECT 1' })], '1\n'),
  'curl: query in the body': (target) => said([at(target), ...body('SELECT 2')], '2\n'),
  'curl: parameter': (target) =>
    said([at(target, { param_x: "it's", query: 'SELECT {x: String}' })], "it\\'s\n"),
  'curl: default format and setting': (target) =>
    said(
      [at(target, { default_format: 'CSV', query: 'SELECT NULL', format_csv_null_representation: '-' })],
      '-\n',
    ),
  'curl: formats in the query': (target) =>
    said([at(target), ...body('SELECT 1 AS a FORMAT JSONEachRow')], '{"a":1}\n'),
  async 'curl: RowBinary with NULs'(target) {
    const { body: bytes } = await curl([at(target), ...body("SELECT 'a\\0b' FORMAT RowBinary")]);
    return bytes.equals(Buffer.from([3, 0x61, 0, 0x62]));
  },
  async 'curl: response by gzip'(target) {
    const asked = [
      '-H',
      'Accept-Encoding: gzip',
      at(target, { enable_http_compression: '1', query: 'SELECT 7' }),
    ];
    const { body: bytes, headers } = await curl(asked);
    return headers['content-encoding'] === 'gzip' && gunzipSync(bytes).toString() === '7\n';
  },
  async 'curl: request by gzip'(target) {
    const options = ['-H', 'Expect:', '-H', 'Content-Encoding: gzip', '--data-binary', '@-'];
    return said([...options, at(target)], '8\n', gzipSync('SELECT 8'));
  },
  async 'curl: insert, query in the URL and rows in the body'(target) {
    await curl([at(target), ...body('CREATE OR REPLACE TABLE outside_curl (a UInt32) ENGINE = Memory')]);
    const query = 'INSERT INTO outside_curl FORMAT CSV';
    const { headers, status } = await curl([at(target, { query }), ...body('1\n2\n3\n')]);
    const summary = JSON.parse(headers['x-clickhouse-summary'] ?? '{}') as { written_rows?: string };
    const sum = await said([at(target, { query: 'SELECT sum(a) FROM outside_curl' })], '6\n');
    await curl([at(target), ...body('DROP TABLE outside_curl')]);
    return status === 200 && summary.written_rows === '3' && sum;
  },
  async 'curl: error with code, status and header'(target) {
    const {
      status,
      headers,
      body: text,
    } = await curl([at(target, { query: 'SELECT * FROM no_such_table' })]);
    const named = text.toString().startsWith('Code: 60. DB::Exception');
    return status === 404 && headers['x-clickhouse-exception-code'] === '60' && named;
  },
  async 'curl: wrong password'(target) {
    const { headers, status } = await curl(['-u', 'default:wrong', at(target, { query: 'SELECT 1' })]);
    return status >= 400 && headers['x-clickhouse-exception-code'] === '516';
  },
  async 'curl: user by basic auth, headers and URL'(target) {
    const { user, password } = target.analyst;
    const query = { query: 'SELECT 1' };
    const basic = ['-u', `${user}:${password}`, at(target, query)];
    const named = [
      '-H',
      `X-ClickHouse-User: ${user}`,
      '-H',
      `X-ClickHouse-Key: ${password}`,
      at(target, query),
    ];
    const inUrl = [at(target, { ...query, user, password })];
    const answers = await Promise.all([basic, named, inUrl].map((args) => said(args, '1\n')));
    return answers.every(Boolean);
  },
  async 'curl: abort, and the next query answers'(target) {
    const long = 'SELECT count() FROM numbers(100000000000) WHERE NOT ignore(cityHash64(number))';
    const { run } = await curl(['-m', '1', at(target, { query: long, max_execution_time: '5' })]);
    return run.code === 28 && (await said([at(target, { query: 'SELECT 9' })], '9\n'));
  },
};

export async function checkCurl(target: ClickHouseTarget): Promise<Check[]> {
  await mustRun('curl', ['--version']);
  const found: Check[] = [];
  for (const [check, run] of Object.entries(curlChecks)) {
    try {
      found.push({ check, ok: await run(target) });
    } catch (error) {
      found.push({ check, ok: false, why: String(error) });
    }
  }
  return found;
}

export interface Attempt {
  readonly attempt: string;
  readonly query: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export function analystAttempts(): Attempt[] {
  return JSON.parse(readFileSync(join(clients, 'analyst-attempts.json'), 'utf8')) as Attempt[];
}

/** A refusal, and not a failure by accident: read-only, limit, settings, access, or no such syntax. */
const refusals = new Set(['62', '164', '396', '452', '497']);

/** What an attempt to write to the machine would leave behind. */
const trace = '/tmp/zhongtai-analyst-was-here';

/** Every attempt of the analyst to leave the sandbox ends in a refusal, and the front lives on. */
export async function checkAnalyst(target: ClickHouseTarget): Promise<Check[]> {
  rmSync(trace, { recursive: true, force: true });
  const found: Check[] = [];
  for (const { attempt, query, settings } of analystAttempts()) {
    const { user, password } = target.analyst;
    const {
      status,
      headers,
      body: text,
    } = await curl(['-m', '30', '-u', `${user}:${password}`, at(target, settings), ...body(query)]);
    const code = headers['x-clickhouse-exception-code'];
    const ok = status >= 400 && refusals.has(code ?? '') && !existsSync(trace);
    const why = ok ? {} : { why: `${status}, code ${code}: ${text.toString().slice(0, 200)}` };
    found.push({ check: `analyst: ${attempt}`, ok, ...why });
  }
  const lives = await said(
    ['-u', `${target.analyst.user}:${target.analyst.password}`, at(target, { query: 'SELECT 1' })],
    '1\n',
  );
  found.push({ check: 'analyst: an honest question is answered afterwards', ok: lives });
  return found;
}
