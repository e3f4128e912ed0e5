import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Logger } from './logger.ts';
import type { Registry } from './metrics.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words that an operator can act on. Empty when ready. */
  readonly reasons: readonly string[];
}

export interface OperationsOptions {
  readonly registry: Registry;
  /** Is work moving? Not: is the process up. */
  readonly ready: () => Readiness | Promise<Readiness>;
  readonly logger: Logger;
}

/**
 * The routes that every process has: `/health` (200 while the process answers, with
 * its pid, so that a supervisor knows whether it is the one that it started), `/ready` (200 while work moves,
 * else 503 with the reasons) and `/metrics` (Prometheus text).
 */
export function createOperationsApp({ registry, ready, logger }: OperationsOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/health', (_request, response) => {
    response.json({ status: 'up', pid: process.pid });
  });
  app.get('/ready', async (_request, response) => {
    const readiness = await ready();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  });
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  const failed: ErrorRequestHandler = (error, _request, response, _next) => {
    logger.error({ err: error }, 'operations route failed');
    // Reachable without a key: what went wrong inside is for the log alone.
    response.status(500).json({ error: 'the check itself failed; the log says why' });
  };
  app.use(failed);
  return app;
}
