import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@zhongtai/runtime';
import { Answer } from './answer.ts';
import { type BodyBudget, type ReceivedBody, readBody } from './body.ts';
import type { FrontConfig } from './config.ts';
import { deliveryOf } from './delivery.ts';
import { ClickHouseError, toClickHouseError } from './exceptions.ts';
import type { Counts } from './lane-protocol.ts';
import type { Lanes } from './lanes.ts';
import type { FrontMetrics } from './metrics.ts';
import { logQuery } from './query-log.ts';
import { checkText } from './sandbox.ts';
import { preparation } from './settings.ts';
import type { Spool } from './spool.ts';
import { parseStatement, type Statement, tooLarge } from './statement.ts';
import { authenticate, type User } from './users.ts';

/** What all requests share. */
export interface Shared {
  readonly config: FrontConfig;
  readonly users: readonly User[];
  readonly lanes: Lanes;
  readonly spool: Spool;
  readonly bodies: BodyBudget;
  readonly metrics: FrontMetrics;
  readonly logger: Logger;
  readonly version: string;
  readonly timezone: string;
}

const noCounts: Counts = { elapsedSeconds: 0, rowsRead: 0, bytesRead: 0, rowsWritten: 0, bytesWritten: 0 };
const printable = /^[\x20-\x7e]{1,256}$/;

/** Words of the interface that would change the meaning of a request if they were passed over in silence. */
function refuseUnsupported(query: URLSearchParams): void {
  if (query.get('session_id')) {
    const message = 'Sessions are not kept: each request stands alone';
    throw new ClickHouseError(48, 'NOT_IMPLEMENTED', message);
  }
  for (const word of ['compress', 'decompress']) {
    if (query.get(word) !== '1') continue;
    const message = `${word}=1 (ClickHouse's own framing) is not spoken here: use Content-Encoding and enable_http_compression`;
    throw new ClickHouseError(48, 'NOT_IMPLEMENTED', message);
  }
}

/** One request from its first byte to the last of its answer. */
export class Exchange {
  readonly #shared: Shared;
  readonly #request: IncomingMessage;
  readonly #query: URLSearchParams;
  readonly #answer: Answer;
  readonly #queryId: string;
  readonly #gone = new AbortController();
  readonly #startedAt = performance.now();
  #user: User | undefined;
  #statement: Statement | undefined;

  constructor(shared: Shared, request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
    this.#shared = shared;
    this.#request = request;
    this.#query = query;
    const asked = query.get('query_id') ?? '';
    this.#queryId = printable.test(asked) ? asked : randomUUID();
    response.once('close', () => {
      if (!response.writableFinished) this.#gone.abort();
    });
    this.#answer = new Answer(response, {
      queryId: this.#queryId,
      acceptEncoding: request.headers['accept-encoding'],
      compression: query.get('enable_http_compression'),
      version: shared.version,
      timezone: shared.timezone,
      sendMs: shared.config.idleMs,
    });
  }

  /** Answers, whatever comes: a failure is an answer too. */
  async serve(): Promise<void> {
    let counts: Counts | undefined;
    let exceptionCode = 0;
    let body: ReceivedBody | undefined;
    try {
      this.#user = authenticate(this.#shared.users, this.#request.headers, this.#query);
      refuseUnsupported(this.#query);
      body = await this.#receive(this.#user);
      const asked = this.#query.get('query') ?? undefined;
      this.#statement = parseStatement(asked, body.bytes, this.#shared.config.maxQueryBytes);
      checkText(this.#statement.tokens, this.#user.right);
      counts = await this.#execute(this.#user, this.#statement);
    } catch (error) {
      const failure = this.#worded(error);
      exceptionCode = failure.code;
      this.#answer.fail(failure);
    } finally {
      body?.release();
      this.#account(counts, exceptionCode);
    }
  }

  #receive({ right }: User): Promise<ReceivedBody> {
    const { config, bodies } = this.#shared;
    // An analyst sends no data: what comes is a statement.
    const maxBytes = right === 'analyst' ? config.maxQueryBytes : config.maxBodyBytes;
    const message = `The body is larger than ${maxBytes} bytes`;
    return readBody(this.#request, bodies, {
      encoding: this.#request.headers['content-encoding'],
      maxBytes,
      tooLarge: () =>
        right === 'analyst' ? tooLarge(maxBytes) : new ClickHouseError(229, 'QUERY_IS_TOO_LARGE', message),
      idleMs: config.idleMs,
    });
  }

  async #execute(user: User, statement: Statement): Promise<Counts> {
    if (!statement.insert) return this.#run(user, statement, statement.sql, true);
    const { head, middle, format, data } = statement.insert;
    const spooled = await this.#shared.spool.put(data);
    const sql = `${head} FROM INFILE '${spooled.path}' COMPRESSION 'none' ${middle} FORMAT ${format}`;
    try {
      return await this.#run(user, statement, sql, false);
    } finally {
      await spooled.remove();
    }
  }

  async #run({ right }: User, statement: Statement, sql: string, treeChecked: boolean): Promise<Counts> {
    const { config, lanes } = this.#shared;
    const { mode, format } = deliveryOf(statement, this.#query);
    const held: Buffer[] = [];
    const onChunk = async (bytes: Buffer): Promise<void> => {
      if (mode !== 'stream') return void held.push(bytes);
      this.#answer.start(format, noCounts);
      await this.#answer.write(bytes);
    };
    const prepare = (mark: string): string[] =>
      preparation({
        query: this.#query,
        right,
        limits: config.analyst,
        mark,
        readOnly: this.#request.method === 'GET' || this.#request.method === 'HEAD',
        maxResultBytes: mode === 'whole' ? config.maxBodyBytes : undefined,
        maxQueryBytes: config.maxQueryBytes,
      });
    const wallMs = right === 'analyst' ? config.analyst.seconds * 1000 + config.idleMs : undefined;
    const work = { prepare, sql, format: format ?? 'Null', right, mode, treeChecked, wallMs };
    const counts = await lanes.run(work, { onChunk, signal: this.#gone.signal });
    this.#answer.start(format, counts);
    for (const bytes of held) await this.#answer.write(bytes);
    this.#answer.end();
    return counts;
  }

  /** The parts of a failure that name our own files tell nothing to a client. */
  #worded(error: unknown): ClickHouseError {
    const failure = toClickHouseError(error);
    const message = failure.message
      .replaceAll(/\(in file\/uri [^)]*\)/g, '(in the request)')
      .replaceAll(this.#shared.spool.directory, '(request)');
    return new ClickHouseError(failure.code, failure.type, message);
  }

  #account(counts: Counts | undefined, exceptionCode: number): void {
    const { metrics, logger } = this.#shared;
    const user = this.#user?.name ?? '';
    const failed = exceptionCode === 202 ? 'refused' : 'failed';
    metrics.queries.inc({ user, result: exceptionCode === 0 ? 'ok' : failed });
    metrics.querySeconds.observe({ user }, (performance.now() - this.#startedAt) / 1000);
    metrics.resultBytes.inc({ user }, this.#answer.bytes);
    logQuery(logger, {
      queryId: this.#queryId,
      user,
      kind: this.#statement?.kind ?? '',
      sql: this.#statement?.sql ?? '',
      startedAt: this.#startedAt,
      counts,
      resultBytes: this.#answer.bytes,
      exceptionCode,
    });
  }
}
