import type { VaultCipher } from '@zhongtai/domain';
import type { Highway } from '@zhongtai/highway';
import {
  type Component,
  createOperationsServer,
  type Logger,
  type Readiness,
  type Registry,
  untilReady,
} from '@zhongtai/runtime';
import { topics } from '@zhongtai/schemas';
import { createEngine, type Engine } from '@zhongtai/streams';
import { type ApplicationEntry, applicationNamed, writersOf } from './applications.ts';
import type { FactoryConfig } from './config.ts';
import { createLetters } from './letters.ts';

export interface FactoryOptions {
  readonly config: FactoryConfig;
  readonly highway: Pick<Highway, 'admin' | 'codec' | 'createStreamLog' | 'deadLetters'>;
  readonly cipher: VaultCipher;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly clock?: () => number;
  /** Going on would be wrong: the process should end. */
  readonly onFatal: (error: unknown) => void;
}

export interface Factory extends Component {
  /** Where /health, /ready and /metrics are; empty before the start. */
  readonly address: string;
}

const letterTopics = Object.values(topics).filter(({ name }) => name === 'dead-letter' || name === 'late');

/** Runs one application; other factories with the same APPLICATION share its tasks. */
export function createFactory(options: FactoryOptions): Factory {
  const { config, highway, logger, clock = Date.now } = options;
  const entry = applicationNamed(config.APPLICATION);
  const ending = new AbortController();
  let phase = 'starting';
  let engine: Engine | null = null;

  function ready(): Readiness {
    return engine?.readiness() ?? { ready: false, reasons: [phase] };
  }

  function waitFor(
    what: string,
    address: string | readonly string[],
    work: () => Promise<void>,
  ): Promise<void> {
    const onWaiting = (reason: string): void => {
      phase = reason;
    };
    return untilReady(work, { what, address, signal: ending.signal, logger, onWaiting });
  }

  /** Topics and schemas: a broker or registry that is coming up is waited for. */
  async function prepare(): Promise<void> {
    const all = [...entry.topics, ...letterTopics];
    await waitFor('kafka', config.KAFKA_BROKERS, () => highway.admin.ensureTopics(all));
    await waitFor('schema registry', config.SCHEMA_REGISTRY_URL, async () => {
      await highway.codec.prepare(all);
      await highway.deadLetters.prepare();
    });
  }

  const operations = createOperationsServer({
    registry: options.metrics,
    ready,
    logger,
    host: config.HOST,
    port: config.PORT,
  });

  return {
    name: 'factory',
    async start() {
      await operations.start();
      logger.info({ address: this.address, application: config.APPLICATION }, 'listening');
      await prepare();
      ending.signal.throwIfAborted();
      engine = engineOf(options, entry, clock);
      await engine.start();
    },
    async stop() {
      ending.abort();
      await engine?.stop();
      operations.stop();
    },
    get address() {
      return operations.address;
    },
  };
}

function engineOf(options: FactoryOptions, entry: ApplicationEntry, clock: () => number): Engine {
  const { config, highway, cipher, logger, metrics } = options;
  const { codec, deadLetters } = highway;
  const log = highway.createStreamLog();
  const partitions = config.PARTITIONS;
  return createEngine({
    application: entry.create({ config, codec, cipher }),
    log,
    stateDirectory: config.STATE_DIRECTORY,
    instance: config.INSTANCE,
    partitions,
    logger,
    metrics,
    clock,
    ...createLetters({ codec, deadLetters, partitions, partitionOf: log.partitionOf, clock }),
    prepare(values) {
      const ids = codec.unlearned(values);
      return ids.length === 0 ? null : codec.learn(ids);
    },
    upstream: writersOf,
    limits: {
      commitMs: config.COMMIT_MS,
      sessionTimeoutMs: config.SESSION_TIMEOUT_MS,
      waitingBytes: config.WAITING_BYTES,
      poisonShare: config.POISON_PERCENT / 100,
    },
    onFatal: options.onFatal,
  });
}
