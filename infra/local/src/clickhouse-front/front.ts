import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component, Logger, Registry } from '@zhongtai/runtime';
import { BodyBudget } from './body.ts';
import type { FrontConfig } from './config.ts';
import { Exchange, type Shared } from './exchange.ts';
import { Lanes } from './lanes.ts';
import { createFrontMetrics } from './metrics.ts';
import { Spool } from './spool.ts';
import { hashPassword, type User } from './users.ts';

export interface FrontOptions {
  readonly config: FrontConfig;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Called when the engine is lost; nothing can be done but to end the process. */
  readonly onDeath: (error: unknown) => void;
}

/** The front as a component. `port` is known after the start (0 in the configuration takes a free one). */
export interface ClickHouseFront extends Component {
  readonly port: number;
}

/**
 * ClickHouse's HTTP interface before the engine in this process: for our services (`default`) and for people
 * (`analyst`, who reads within limits).
 */
export function createClickHouseFront(options: FrontOptions): ClickHouseFront {
  return new Front(options);
}

function usersOf({ password, analystPassword }: FrontConfig): User[] {
  return [
    { name: 'default', right: 'service', passwordHash: hashPassword(password.reveal()) },
    { name: 'analyst', right: 'analyst', passwordHash: hashPassword(analystPassword.reveal()) },
  ];
}

function lanesOf({ config, logger, onDeath }: FrontOptions): Lanes {
  const fsync = ['--merge_tree.fsync_after_insert=1', '--merge_tree.fsync_part_directory=1'];
  return new Lanes({
    directory: config.directory,
    lanes: config.lanes,
    analystLanes: config.analystLanes,
    queue: config.queue,
    logger,
    engineArguments: [`--max_server_memory_usage=${config.memoryBytes}`, ...(config.fsync ? fsync : [])],
    onDeath,
  });
}

function answerText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': `${type}; charset=UTF-8` }).end(text);
}

class Front implements ClickHouseFront {
  readonly name = 'clickhouse-front';
  readonly #options: FrontOptions;
  readonly #lanes: Lanes;
  readonly #spool: Spool;
  readonly #server: Server;
  #shared: Shared | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#lanes = lanesOf(options);
    this.#spool = new Spool(options.config.directory);
    this.#server = createServer({ keepAliveTimeout: 10_000, requestTimeout: 0 }, (request, response) =>
      this.#receive(request, response),
    );
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address ? address.port : this.#options.config.port;
  }

  async start(): Promise<void> {
    const { config, logger, registry } = this.#options;
    const engine = await this.#lanes.start();
    this.#spool.open();
    const bodies = new BodyBudget(config.maxBodyBytes * 2);
    const metrics = createFrontMetrics(registry, {
      waiting: () => this.#lanes.waiting('service') + this.#lanes.waiting('analyst'),
      running: () => this.#lanes.running,
      bodyBytes: () => bodies.bytes,
    });
    const users = usersOf(config);
    this.#shared = {
      config,
      users,
      lanes: this.#lanes,
      spool: this.#spool,
      bodies,
      metrics,
      logger,
      ...engine,
    };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(config.port, config.host, resolve);
    });
    logger.info({ host: config.host, port: this.port, version: engine.version }, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.close();
    await this.#lanes.stop();
    this.#server.closeAllConnections();
    this.#spool.close();
  }

  /** Nothing that one request brings may end the process of all. */
  #receive(request: IncomingMessage, response: ServerResponse): void {
    for (const stream of [request, response]) stream.on('error', () => {});
    this.#handle(request, response).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'request failed');
      response.destroy();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    const url = target.startsWith('//') ? null : URL.parse(target, 'http://front');
    if (!url) return answerText(response, 400, 'text/plain', 'The request target is no address\n');
    const asked = url.searchParams.has('query') || request.method === 'POST';
    if (url.pathname === '/ping' || url.pathname === '/replicas_status' || (url.pathname === '/' && !asked))
      return answerText(response, 200, 'text/html', 'Ok.\n');
    if (url.pathname === '/metrics') {
      return answerText(response, 200, 'text/plain', await this.#options.registry.metrics());
    }
    if (url.pathname !== '/' || !this.#shared)
      return answerText(response, 404, 'text/plain', `There is no handle ${url.pathname}\n`);
    await new Exchange(this.#shared, request, response, url.searchParams).serve();
  }
}
