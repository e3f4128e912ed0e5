// thin first version: replaced piece by piece
import { createServer } from 'node:http';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import * as zlib from 'node:zlib';
import { openEngine } from './engine.ts';
import { exceptionText, statusOf, toClickHouseError } from './exceptions.ts';
import { parseStatement } from './statement.ts';

const directory = process.env['CLICKHOUSE_FRONT_DIRECTORY'] ?? '.local/clickhouse';
mkdirSync(directory, { recursive: true });
const engine = openEngine(directory);
const quote = (v: string) => `'${v.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
const known = new Set(['query', 'user', 'password', 'database', 'default_format', 'query_id', 'compress', 'decompress', 'enable_http_compression', 'wait_end_of_query', 'session_id', 'session_timeout', 'session_check', 'role', 'quota_key', 'buffer_size', 'send_progress_in_http_headers', 'http_headers_progress_interval_ms']);

createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://x');
  const queryId = url.searchParams.get('query_id') ?? randomUUID();
  if (url.pathname === '/ping') return void response.end('Ok.\n');
  try {
    const parts: Buffer[] = [];
    const encoding = request.headers['content-encoding'];
    const source = encoding === 'gzip' ? request.pipe(zlib.createGunzip()) : encoding === 'zstd' ? request.pipe(zlib.createZstdDecompress()) : encoding === 'br' ? request.pipe(zlib.createBrotliDecompress()) : encoding === 'deflate' ? request.pipe(zlib.createInflate()) : request;
    for await (const part of source) parts.push(part);
    const statement = parseStatement(url.searchParams.get('query') ?? undefined, Buffer.concat(parts));
    const sets = [...url.searchParams].filter(([k]) => !known.has(k)).map(([k, v]) => `${k}=${quote(v)}`);
    const connection = engine.connect();
    try {
      const database = url.searchParams.get('database') ?? request.headers['x-clickhouse-database'];
      if (database) await connection.run(`USE \`${String(database).replaceAll('`', '``')}\``, 'Null');
      if (sets.length) await connection.run(`SET ${sets.join(', ')}`, 'Null');
      response.setHeader('X-ClickHouse-Query-Id', queryId);
      response.setHeader('X-ClickHouse-Server-Display-Name', 'zhongtai');
      const summary = (r: { rowsRead: number; bytesRead: number; rowsWritten: number; bytesWritten: number; elapsedSeconds: number }, result = 0) => JSON.stringify({ read_rows: `${r.rowsRead}`, read_bytes: `${r.bytesRead}`, written_rows: `${r.rowsWritten}`, written_bytes: `${r.bytesWritten}`, total_rows_to_read: '0', result_rows: `${r.rowsWritten}`, result_bytes: `${result}`, elapsed_ns: `${Math.round(r.elapsedSeconds * 1e9)}` });
      const format = url.searchParams.get('default_format') ?? 'TabSeparated';
      if (statement.insert) {
        const file = `/dev/shm/zhongtai-${randomUUID()}`;
        writeFileSync(file, statement.insert.data, { mode: 0o600 });
        try {
          const r = await connection.run(`${statement.insert.head} FROM INFILE '${file}' COMPRESSION 'none' ${statement.insert.middle} FORMAT ${statement.insert.format}`, 'Null');
          response.setHeader('X-ClickHouse-Summary', summary(r));
          response.end();
        } finally {
          unlinkSync(file);
        }
      } else if (['SELECT', 'WITH', '('].includes(statement.kind) && url.searchParams.get('wait_end_of_query') !== '1') {
        let sink: NodeJS.WritableStream = response;
        const start = () => {
          response.setHeader('X-ClickHouse-Format', format);
          response.setHeader('X-ClickHouse-Summary', summary({ rowsRead: 0, bytesRead: 0, rowsWritten: 0, bytesWritten: 0, elapsedSeconds: 0 }));
          if (url.searchParams.get('enable_http_compression') === '1' && /gzip/.test(request.headers['accept-encoding'] ?? '')) {
            response.setHeader('Content-Encoding', 'gzip');
            const gzip = zlib.createGzip();
            gzip.pipe(response);
            sink = gzip;
          }
        };
        let started = false;
        for await (const chunk of connection.stream(statement.sql, format)) {
          if (!started) start();
          started = true;
          if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), once(response, 'close')]);
          if (response.destroyed) break;
        }
        if (!started) start();
        sink.end();
      } else {
        const r = await connection.run(statement.sql, format);
        response.setHeader('X-ClickHouse-Summary', summary(r, r.bytes.length));
        response.end(r.bytes);
      }
    } finally {
      connection.close();
    }
  } catch (error) {
    const e = toClickHouseError(error);
    if (response.headersSent) return void response.destroy();
    response.statusCode = statusOf(e.code);
    response.setHeader('X-ClickHouse-Exception-Code', String(e.code));
    response.end(exceptionText(e, '26.7.3.1'));
  }
}).listen(Number(process.env['CLICKHOUSE_FRONT_PORT'] ?? 8123), process.env['CLICKHOUSE_FRONT_HOST'] ?? '127.0.0.1', () => console.log('clickhouse front ready'));
