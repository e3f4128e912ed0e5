import type { AnalystLimits } from './config.ts';
import { ClickHouseError } from './exceptions.ts';
import { analystSetting, deniedSetting } from './policy.ts';
import { denied, type Right } from './sandbox.ts';

/** Words of the URL that are the front's business, not the engine's. */
const frontWords = new Set([
  'query',
  'user',
  'password',
  'database',
  'default_format',
  'query_id',
  'compress',
  'decompress',
  'enable_http_compression',
  'http_zlib_compression_level',
  'wait_end_of_query',
  'buffer_size',
  'session_id',
  'session_timeout',
  'session_check',
  'role',
  'quota_key',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
  'log_comment',
  'http_write_exception_in_output_format',
  'close_session',
  'stacktrace',
  'client_protocol_version',
  'add_http_cors_header',
  'http_receive_timeout',
  'http_send_timeout',
  'readonly',
]);

/** A string literal that the engine reads back as exactly `value`. */
export function literal(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

const settingName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const parameterName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What an analyst may lower, but never raise. */
function capped(limits: AnalystLimits): ReadonlyMap<string, number> {
  return new Map([
    ['max_execution_time', limits.seconds],
    ['max_memory_usage', limits.memoryBytes],
    ['max_result_rows', limits.resultRows],
    ['max_rows_to_read', limits.readRows],
    ['max_threads', limits.threads],
  ]);
}

function clientSettings(
  query: URLSearchParams,
  right: Right,
  caps: ReadonlyMap<string, number>,
): Map<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of query) {
    if (frontWords.has(name) || name.startsWith('param_')) continue;
    if (!settingName.test(name))
      throw new ClickHouseError(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
    if (deniedSetting.test(name)) throw denied(`setting ${name}`);
    if (right === 'analyst' && !caps.has(name) && !analystSetting.test(name)) {
      throw new ClickHouseError(164, 'READONLY', `Cannot modify '${name}' setting in readonly mode`);
    }
    settings.set(name, value);
  }
  return settings;
}

function limitAnalyst(settings: Map<string, string>, caps: ReadonlyMap<string, number>): void {
  for (const [name, most] of caps) {
    const asked = settings.get(name);
    // 0 means "no limit" to the engine, and so does what it rounds to 0.
    if (asked !== undefined && !(/^[1-9]\d*$/.test(asked) && Number(asked) <= most)) {
      throw new ClickHouseError(
        452,
        'SETTING_CONSTRAINT_VIOLATION',
        `Setting ${name} should be a whole number between 1 and ${most}`,
      );
    }
    settings.set(name, asked ?? String(most));
  }
  settings.set('result_overflow_mode', 'throw');
  settings.set('read_overflow_mode', 'throw');
  settings.set('timeout_overflow_mode', 'throw');
  settings.set('max_temporary_data_on_disk_size_for_query', '1000000000');
}

export interface SettingsInput {
  readonly query: URLSearchParams;
  readonly right: Right;
  readonly limits: AnalystLimits;
  /** How the front finds the running statement again to kill it. */
  readonly mark: string;
  /** For an answer that is held in memory as a whole: how large it may get. */
  readonly maxResultBytes: number | undefined;
  /** How long a statement may be. */
  readonly maxQueryBytes: number;
  /** GET reads only. */
  readonly readOnly: boolean;
}

/**
 * The statements that prepare a connection: parameters as the client gave them (their values become strings,
 * never text of the query), its settings, then our limits, and `readonly` at the very end, after which nothing
 * can be changed.
 */
export function preparation(input: SettingsInput): string[] {
  const { query, right, limits, mark, readOnly, maxResultBytes, maxQueryBytes } = input;
  const caps = right === 'analyst' ? capped(limits) : new Map<string, number>();
  const settings = clientSettings(query, right, caps);
  if (right === 'analyst') limitAnalyst(settings, caps);
  if (maxResultBytes !== undefined && !settings.has('max_result_bytes')) {
    settings.set('max_result_bytes', String(maxResultBytes));
    settings.set('result_overflow_mode', 'throw');
  }
  // Rows that wait in memory for others would be lost by kill -9 after they were acknowledged.
  settings.set('async_insert', '0');
  settings.set('log_comment', mark);
  // The front has its own limit; the engine's must leave room for what is written around the statement.
  if (!settings.has('max_query_size')) settings.set('max_query_size', String(4 * maxQueryBytes));
  const parameters = [...query].filter(([name]) => name.startsWith('param_'));
  for (const [name] of parameters) {
    if (!parameterName.test(name))
      throw new ClickHouseError(36, 'BAD_ARGUMENTS', `Bad name of a parameter: ${name}`);
  }
  const pairs = [...parameters, ...settings].map(([name, value]) => `${name} = ${literal(value)}`);
  const statements = [`SET ${pairs.join(', ')}`];
  const database = query.get('database');
  if (database) statements.unshift(`USE ${identifier(database)}`);
  if (right === 'analyst' && database?.toLowerCase() === 'system') throw denied('database system');
  if (right === 'analyst') statements.push('SET readonly = 1');
  else if (readOnly) statements.push('SET readonly = 2');
  return statements;
}
