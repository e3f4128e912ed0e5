import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component, Logger } from '@zhongtai/runtime';
import { Answer } from './answer.ts';
import { readBody } from './compression.ts';
import type { FrontConfig } from './config.ts';
import { deliveryOf } from './delivery.ts';
import { type ClickHouseError, ClickHouseError as Refusal, toClickHouseError } from './exceptions.ts';
import type { Counts } from './lane-protocol.ts';
import { Lanes } from './lanes.ts';
import { logQuery } from './query-log.ts';
import { checkText } from './sandbox.ts';
import { preparation } from './settings.ts';
import { Spool } from './spool.ts';
import { parseStatement, type Statement } from './statement.ts';
import { authenticate, hashPassword, type User } from './users.ts';

export interface FrontOptions {
  readonly config: FrontConfig;
  readonly logger: Logger;
  /** Called when the engine is lost; nothing can be done but to end the process. */
  readonly onDeath: (error: unknown) => void;
}

/** The front as a component. `port` is known after the start (0 in the configuration takes a free one). */
export interface ClickHouseFront extends Component {
  readonly port: number;
}

interface Exchange {
  readonly url: URL;
  readonly user: User;
  readonly statement: Statement;
  readonly answer: Answer;
  readonly signal: AbortSignal;
  readonly readOnly: boolean;
}

const noCounts: Counts = { elapsedSeconds: 0, rowsRead: 0, bytesRead: 0, rowsWritten: 0, bytesWritten: 0 };

/** Words of the interface that would change the meaning of a request if they were passed over in silence. */
function refuseUnsupported(query: URLSearchParams): void {
  if (query.get('session_id'))
    throw new Refusal(48, 'NOT_IMPLEMENTED', 'Sessions are not kept: each request stands alone');
  for (const word of ['compress', 'decompress']) {
    if (query.get(word) === '1') {
      throw new Refusal(
        48,
        'NOT_IMPLEMENTED',
        `${word}=1 (ClickHouse's own framing) is not spoken here: use Content-Encoding and enable_http_compression`,
      );
    }
  }
}

/**
 * ClickHouse's HTTP interface before the engine in this process: for our services (`default`) and for people
 * (`analyst`, who reads within limits).
 */
export function createClickHouseFront({ config, logger, onDeath }: FrontOptions): ClickHouseFront {
  const users: readonly User[] = [
    { name: 'default', right: 'service', passwordHash: hashPassword(config.password.reveal()) },
    { name: 'analyst', right: 'analyst', passwordHash: hashPassword(config.analystPassword.reveal()) },
  ];
  const spool = new Spool(config.directory);
  const lanes = new Lanes({
    directory: config.directory,
    lanes: config.lanes,
    analystLanes: config.analystLanes,
    queue: config.queue,
    logger,
    engineArguments: [
      `--max_server_memory_usage=${config.memoryBytes}`,
      ...(config.fsync ? ['--merge_tree.fsync_after_insert=1', '--merge_tree.fsync_part_directory=1'] : []),
    ],
    onDeath,
  });
  let version = '';
  let timezone = 'UTC';
  let bodyBytes = 0;
  let server: Server | undefined;

  function run(exchange: Exchange, sql: string, treeChecked: boolean): Promise<Counts> {
    const { url, user, statement, answer, signal, readOnly } = exchange;
    const { mode, format } = deliveryOf(statement, url.searchParams);
    const held: Buffer[] = [];
    const onChunk = async (bytes: Buffer): Promise<void> => {
      if (mode !== 'stream') return void held.push(bytes);
      answer.start(format, noCounts);
      await answer.write(bytes);
    };
    const prepare = (mark: string): string[] =>
      preparation({
        query: url.searchParams,
        right: user.right,
        limits: config.analyst,
        mark,
        readOnly,
        maxResultBytes: mode === 'whole' ? config.maxBodyBytes : undefined,
      });
    const work = { prepare, sql, format: format ?? 'Null', right: user.right, mode, treeChecked };
    return lanes.run(work, { onChunk, signal }).then(async (counts) => {
      answer.start(format, counts);
      for (const bytes of held) await answer.write(bytes);
      answer.end();
      return counts;
    });
  }

  async function execute(exchange: Exchange): Promise<Counts> {
    const { statement, user } = exchange;
    checkText(statement.sql, user.right);
    if (!statement.insert) return run(exchange, statement.sql, true);
    const { head, middle, format, data } = statement.insert;
    const spooled = await spool.put(data);
    try {
      return await run(
        exchange,
        `${head} FROM INFILE '${spooled.path}' COMPRESSION 'none' ${middle} FORMAT ${format}`,
        false,
      );
    } finally {
      await spooled.remove();
    }
  }

  async function receive(request: IncomingMessage): Promise<Buffer> {
    if (bodyBytes >= config.maxBodyBytes * 2) {
      throw new Refusal(
        202,
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        'Too many simultaneous queries: too much data is waiting',
      );
    }
    return readBody(request, request.headers['content-encoding'], config.maxBodyBytes);
  }

  /** The parts of a failure that name our own files tell nothing to a client. */
  function worded(error: unknown): ClickHouseError {
    const failure = toClickHouseError(error);
    const message = failure.message
      .replaceAll(/\(in file\/uri [^)]*\)/g, '(in the request)')
      .replaceAll(spool.directory, '(request)');
    return new Refusal(failure.code, failure.type, message);
  }

  async function query(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const startedAt = performance.now();
    const queryId = url.searchParams.get('query_id') || randomUUID();
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const answer = new Answer(response, {
      queryId,
      acceptEncoding: request.headers['accept-encoding'],
      compression: url.searchParams.get('enable_http_compression'),
      version,
      timezone,
    });
    let statement: Statement | undefined;
    let counts: Counts | undefined;
    let user: User | undefined;
    let exceptionCode = 0;
    let size = 0;
    try {
      user = authenticate(users, request.headers, url.searchParams);
      refuseUnsupported(url.searchParams);
      const body = await receive(request);
      size = body.length;
      bodyBytes += size;
      statement = parseStatement(url.searchParams.get('query') ?? undefined, body);
      const readOnly = request.method === 'GET' || request.method === 'HEAD';
      counts = await execute({ url, user, statement, answer, signal: gone.signal, readOnly });
    } catch (error) {
      const failure = worded(error);
      exceptionCode = failure.code;
      answer.fail(failure);
    } finally {
      bodyBytes -= size;
      logQuery(logger, {
        queryId,
        user: user?.name ?? '',
        kind: statement?.kind ?? '',
        sql: statement?.sql ?? '',
        startedAt,
        counts,
        resultBytes: answer.bytes,
        exceptionCode,
      });
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://front');
    const asked = url.searchParams.has('query') || request.method === 'POST';
    if (url.pathname === '/ping' || url.pathname === '/replicas_status' || (url.pathname === '/' && !asked)) {
      response.setHeader('Content-Type', 'text/html; charset=UTF-8');
      response.end('Ok.\n');
      return;
    }
    if (url.pathname !== '/') {
      response
        .writeHead(404, { 'Content-Type': 'text/plain; charset=UTF-8' })
        .end(`There is no handle ${url.pathname}\n`);
      return;
    }
    query(request, response, url).catch((error) => {
      logger.error({ err: error }, 'request failed');
      response.destroy();
    });
  }

  return {
    name: 'clickhouse-front',
    get port() {
      const address: AddressInfo | string | null = server?.address() ?? null;
      return typeof address === 'object' && address ? address.port : config.port;
    },
    async start() {
      ({ version, timezone } = await lanes.start());
      spool.open();
      server = createServer({ keepAliveTimeout: 10_000, requestTimeout: 0 }, handle);
      await new Promise<void>((resolve, reject) => {
        server?.once('error', reject);
        server?.listen(config.port, config.host, resolve);
      });
      logger.info({ host: config.host, port: this.port, version }, 'listening');
    },
    async stop() {
      server?.close();
      await lanes.stop();
      server?.closeAllConnections();
      spool.close();
    },
  };
}
