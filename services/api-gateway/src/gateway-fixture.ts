import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, createMetrics, parseConfig, type Registry } from '@zhongtai/runtime';
import { type ApiGateway, createApiGateway } from './app.ts';
import { gatewayConfigSchema } from './config.ts';
import { createKey, type Grant } from './keys/keys.ts';
import { createMemoryHighway, type MemoryHighway } from './memory-highway.ts';

export const NOW = Date.UTC(2026, 10, 23, 4);

/** A gateway on a memory highway, listening on a free port. For tests. */
export interface GatewayFixture {
  readonly gateway: ApiGateway;
  readonly highway: MemoryHighway;
  readonly metrics: Registry;
  readonly keysFile: string;
  /** Lines of the log. */
  readonly log: string[];
  readonly key: string;
  readonly orderKey: string;
  post(body: unknown, options?: PostOptions): Promise<Posted>;
  close(): Promise<void>;
}

interface PostOptions {
  readonly path?: string;
  readonly method?: string;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Posted {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly accepted?: number;
    readonly rejected?: readonly Readonly<Record<string, unknown>>[];
    readonly code?: string;
    readonly minted?: readonly { readonly index: number; readonly event_id: string }[];
  };
}

export async function startGatewayFixture(
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  const keysFile = join(folder, 'keys.json');
  const key = (name: string, grants: readonly Grant[]) => createKey(name, grants, new Date(NOW));
  const all = key('shop', [
    'order',
    'payment',
    'marketing',
    'social',
    'beacon',
    'logistics',
    'callcenter',
    'reference',
  ]);
  const orders = key('till', ['order']);
  await writeFile(keysFile, JSON.stringify({ keys: [all.stored, orders.stored] }));
  const config = parseConfig(gatewayConfigSchema, {
    PORT: '0',
    API_KEYS_FILE: keysFile,
    API_KEYS_CHECK_MS: '50',
    TOKEN_SECRET: 'a secret of the tests, long enough',
    VAULT_KEY: '00'.repeat(32),
    ...env,
  });
  const log: string[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => void log.push(line) } });
  const highway = createMemoryHighway();
  const metrics = createMetrics();
  const gateway = createApiGateway({ config, highway, clock: () => NOW, logger, metrics });
  await gateway.start();
  return {
    gateway,
    highway,
    metrics,
    keysFile,
    log,
    key: all.clearKey,
    orderKey: orders.clearKey,
    async post(
      body,
      { path = '/v1/events', method = 'POST', key: chosen = all.clearKey, headers = {} } = {},
    ) {
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(`${gateway.address}${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(chosen === null ? {} : { authorization: `Bearer ${chosen}` }),
          ...headers,
        },
        ...(method === 'POST' ? { body: raw ? body : JSON.stringify(body) } : {}),
      });
      const parsed: Posted['body'] = JSON.parse(await response.text());
      return { status: response.status, headers: response.headers, body: parsed };
    },
    async close() {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A valid order with one line. */
export function order(own: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    event_type: 'order_placed',
    event_id: '0193b3a0-0000-7000-8000-000000000001',
    event_time: NOW - 1000,
    identities: [{ id_type: 'phone', id_value: '0922-111-834' }],
    order_id: 'O-1',
    lines: [{ line_no: 1, product_id: 'P1', qty: 1, list_price_cents: 100, net_price_cents: 100 }],
    gross_cents: 100,
    net_cents: 100,
    ...own,
  };
}

export function pageView(own: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { event_type: 'page_viewed', event_time: NOW, session_id: 's-1', url_path: '/', ...own };
}
