import { createIdentifiers, createTokens, createVaultCipher, parseVaultKey } from '@zhongtai/domain';
import type { Highway } from '@zhongtai/highway';
import {
  type Component,
  createOperationsApp,
  type Logger,
  type Readiness,
  type Registry,
  untilReady,
} from '@zhongtai/runtime';
import { schemaText, topics } from '@zhongtai/schemas';
import type { Express } from 'express';
import type { GatewayConfig } from './config.ts';
import { createDoor, type Door } from './door.ts';
import { gatewayFault } from './errors.ts';
import { createEventIds } from './intake/event-id.ts';
import { createIntake } from './intake/intake.ts';
import { type Catalogue, compilePlans } from './intake/plans.ts';
import { createStore } from './intake/store.ts';
import { watchKeyFile } from './keys/key-file.ts';
import { createPressure } from './load/pressure.ts';
import { createRefusalLog } from './load/refusal-log.ts';
import { createGatewayMetrics } from './metrics.ts';
import { createReceive } from './routes/receive.ts';
import { createRouter } from './routes/router.ts';

/** The part of the highway that the gateway uses. */
export type GatewayHighway = Pick<Highway, 'createPublisher'> & {
  readonly codec: Pick<Highway['codec'], 'encode' | 'prepare'>;
  readonly admin: Pick<Highway['admin'], 'ensureTopics' | 'ping'>;
};

export interface ApiGatewayOptions {
  readonly config: GatewayConfig;
  readonly highway: GatewayHighway;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Default: the catalogue of `@zhongtai/schemas`. */
  readonly catalogue?: Catalogue;
}

/** The front door. Once started, `address` is where it listens. */
export interface ApiGateway extends Component {
  readonly address: string;
  /** The routes for people and probes beside the hot path. */
  readonly operations: Express;
}

/** Key, headers and framing of a record of the largest size, so that it fits a batch of its own. */
const RECORD_FRAME_BYTES = 10_000;
/** Below Kafka's default message.max.bytes of 1 MiB. */
const USUAL_BATCH_BYTES = 900_000;

export function createApiGateway(options: ApiGatewayOptions): ApiGateway {
  const { config, highway, clock, logger } = options;
  const limits = {
    maxStringLength: config.MAX_STRING_LENGTH,
    maxItems: config.MAX_ITEMS,
    maxDepth: config.MAX_DEPTH,
  };
  const plans = compilePlans(options.catalogue ?? { topics, schemaText }, limits);
  const identifiers = createIdentifiers({
    tokens: createTokens(config.TOKEN_SECRET.reveal()),
    capacity: config.TOKEN_CACHE_SIZE,
    maxAgeMs: config.TOKEN_CACHE_MS,
  });
  const pressure = createPressure(config.MAX_IN_FLIGHT_BYTES);
  const keys = watchKeyFile({
    path: config.API_KEYS_FILE,
    everyMs: config.API_KEYS_CHECK_MS,
    onReload: (count) => logger.info({ count }, 'api keys read'),
    onError: (error) => logger.error({ err: error }, 'api keys not read: those read before stay in force'),
  });
  const metrics = createGatewayMetrics(options.metrics, {
    get bytesInFlight() {
      return pressure.bytes;
    },
    get cachedTokens() {
      return identifiers.cached;
    },
    get keys() {
      return keys.count;
    },
  });
  const publisher = highway.createPublisher({
    // Pressure turns requests away first: the publisher's own bound is for records larger than their JSON.
    capacityBytes: 2 * config.MAX_IN_FLIGHT_BYTES,
    timeoutMs: config.PUBLISH_TIMEOUT_MS,
    maxBatchBytes: Math.max(config.MAX_RECORD_BYTES + RECORD_FRAME_BYTES, USUAL_BATCH_BYTES),
  });
  const intake = createIntake({
    plans,
    codec: highway.codec,
    identifiers,
    limits,
    maxFutureMs: config.MAX_FUTURE_MS,
    maxRecordBytes: config.MAX_RECORD_BYTES,
    mintEventId: createEventIds(),
    onDropped: (idType) => metrics.droppedIdentifiers.inc({ id_type: idType }),
  });
  const store = createStore({
    codec: highway.codec,
    publisher,
    cipher: createVaultCipher(vaultKeyOf(config)),
    secretVersion: config.TOKEN_SECRET_VERSION,
    onVaultRecords: (count) => metrics.vaultRecords.inc(count),
  });
  const refusals = createRefusalLog(logger);
  let door: Door | undefined;
  const ending = new AbortController();
  const receive = createReceive({
    keys: keys.ring,
    store,
    pressure,
    metrics,
    refusals,
    logger,
    clock,
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxEvents: config.MAX_EVENTS,
    retryAfterSeconds: config.RETRY_AFTER_SECONDS,
    isStopping: () => ending.signal.aborted,
  });
  const ready = async (): Promise<Readiness> => {
    const reasons = [
      ...(ending.signal.aborted ? ['the gateway is stopping'] : []),
      ...(publisher.healthy || (await highway.admin.ping()) ? [] : ['kafka does not answer']),
      ...(pressure.admits('P0') ? [] : ['too many bytes are under way']),
      ...(keys.count > 0 ? [] : ['no api key is in force']),
    ];
    return { ready: reasons.length === 0, reasons };
  };
  const operations = createOperationsApp({ registry: options.metrics, ready, logger });
  const router = createRouter({ receive, intake, plans, operations });

  /** Started together with broker and registry, the gateway waits for them instead of failing. */
  function waitFor(
    what: string,
    address: string | readonly string[],
    work: () => Promise<void>,
  ): Promise<void> {
    const giveUpMs = config.START_TIMEOUT_MS;
    return untilReady(work, { what, address, signal: ending.signal, logger, giveUpMs });
  }

  return {
    name: 'api-gateway',
    operations,
    get address() {
      return door?.address ?? '';
    },
    async start() {
      await keys.start();
      await waitFor('kafka', config.KAFKA_BROKERS, () => highway.admin.ensureTopics(plans.topics));
      await waitFor('schema registry', config.SCHEMA_REGISTRY_URL, () => highway.codec.prepare(plans.topics));
      await publisher.start();
      ending.signal.throwIfAborted();
      door = await createDoor(router, config);
      logger.info({ address: door.address }, 'listening');
    },
    /** Takes no new connection, answers what is under way, then sends what waits. Nothing acknowledged is lost. */
    async stop() {
      ending.abort();
      await door?.close();
      await publisher.stop();
      keys.stop();
      refusals.flush();
    },
  };
}

function vaultKeyOf(config: GatewayConfig): Buffer {
  const key = parseVaultKey(config.VAULT_KEY.reveal());
  if (key === undefined) throw gatewayFault('ZT-GATEWAY-VAULT-KEY', 'VAULT_KEY is not 32 bytes');
  return key;
}
