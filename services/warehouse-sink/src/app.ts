import type { Highway } from '@zhongtai/highway';
import {
  type Component,
  createOperationsServer,
  type Logger,
  type Readiness,
  type Registry,
  untilReady,
} from '@zhongtai/runtime';
import { topics as catalogue, schemaText, type Topic } from '@zhongtai/schemas';
import type { Warehouse } from '@zhongtai/warehouse';
import { createBudget } from './budget.ts';
import type { SinkConfig } from './config.ts';
import { createCutSender } from './cut-sender.ts';
import { createSinkMetrics, type Watched } from './metrics.ts';
import { createOwnership, type Ownership } from './ownership.ts';
import { createPlans, tablesOf } from './plans.ts';
import { createTableKeeper } from './table-keeper.ts';
import { createGate } from './waiting.ts';

export interface WarehouseSinkOptions {
  readonly config: SinkConfig;
  readonly highway: Highway;
  readonly warehouse: Warehouse;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly clock?: () => number;
  /** Default: every `highway.*` and `reference.*` topic of the catalogue. */
  readonly topics?: readonly Topic[];
  /** A failure after which going on would be wrong: the process should end. */
  readonly onFatal: (error: unknown) => void;
}

export interface WarehouseSink extends Component {
  /** Where /health, /ready and /metrics are; empty before the start. */
  readonly address: string;
}

/** What the sink carries into the warehouse. */
export function sinkTopics(): Topic[] {
  return Object.values(catalogue).filter(
    ({ name }) => name.startsWith('highway.') || name.startsWith('reference.'),
  );
}

/** Where records go that can have no row. Whoever writes to a topic sees to it that it is there. */
const letterTopics = Object.values(catalogue).filter(({ name }) => name === 'dead-letter');

/** A partition whose inserts have failed for this long makes the process unready. */
const stalledMs = 30_000;

/** Carries records from their topics into the warehouse, each exactly once. */
export function createWarehouseSink(options: WarehouseSinkOptions): WarehouseSink {
  const { config, highway, warehouse, logger, clock = Date.now, topics = sinkTopics() } = options;
  const budget = createBudget(config.MEMORY_BYTES);
  const keeper = createTableKeeper(warehouse, logger);
  const ending = new AbortController();
  const watched = watch(() => ownership, budget, clock);
  const metrics = createSinkMetrics(options.metrics, watched);
  let phase = 'starting';

  const sender = createCutSender({
    cluster: config.CLUSTER,
    warehouse,
    deadLetters: highway.deadLetters,
    ensureTable: keeper.ensure,
    doubtTable: keeper.doubt,
    gate: createGate(config.INSERTS_AT_ONCE),
    metrics,
    logger,
  });
  const ownership: Ownership = createOwnership({
    highway,
    groupId: config.GROUP_ID,
    topics,
    sessionTimeoutMs: config.SESSION_TIMEOUT_MS,
    logger,
    onFatal: options.onFatal,
    worker: {
      codec: highway.codec,
      plans: createPlans(highway.codec, schemaText),
      sender,
      budget,
      limits: {
        maxRows: config.CUT_ROWS,
        maxBytes: config.CUT_BYTES,
        lingerMs: config.LINGER_MS,
        behindLingerMs: config.BEHIND_LINGER_MS,
      },
      metrics,
      logger,
      clock,
      monotonicMs: () => performance.now(),
    },
  });

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

  function ready(): Readiness {
    const reasons: string[] = [];
    if (phase !== '') reasons.push(phase);
    else if (!ownership.assigned) reasons.push('no partitions are assigned');
    for (const worker of ownership.workers()) {
      const since = worker.pendingSinceMs;
      const stalled = worker.blocked !== null && since > 0 && clock() - since > stalledMs;
      if (stalled || worker.held !== null) {
        reasons.push(`${worker.place.topic}/${worker.place.partition} waits: ${worker.blocked}`);
      }
    }
    return { ready: reasons.length === 0, reasons };
  }

  const operations = createOperationsServer({
    registry: options.metrics,
    ready,
    logger,
    host: config.HOST,
    port: config.PORT,
  });

  return {
    name: 'warehouse-sink',
    async start() {
      await operations.start();
      logger.info({ address: this.address }, 'listening');
      await waitFor('kafka', config.KAFKA_BROKERS, () =>
        highway.admin.ensureTopics([...topics, ...letterTopics]),
      );
      const tables = topics.flatMap((topic) => tablesOf(topic, schemaText));
      await waitFor('clickhouse', config.CLICKHOUSE_URL, () =>
        keeper.prepare(tables, config.VIEWS_DIRECTORY),
      );
      phase = 'joining the group';
      await ownership.start();
      phase = '';
    },
    async stop() {
      phase = 'stopping';
      ending.abort();
      await ownership.stop();
      operations.stop();
    },
    get address() {
      return operations.address;
    },
  };
}

function watch(ownership: () => Ownership, budget: { readonly bytes: number }, clock: () => number): Watched {
  return {
    lagSeconds() {
      const lags = new Map<string, number>();
      for (const { place, oldestMs } of ownership().workers()) {
        const lag = oldestMs === 0 ? 0 : Math.max(0, (clock() - oldestMs) / 1000);
        lags.set(place.topic, Math.max(lag, lags.get(place.topic) ?? 0));
      }
      return lags;
    },
    pendingSeconds() {
      let oldest = 0;
      for (const { pendingSinceMs: since } of ownership().workers()) {
        if (since > 0) oldest = Math.max(oldest, (clock() - since) / 1000);
      }
      return oldest;
    },
    blockedPartitions: () => [...ownership().workers()].filter(({ blocked }) => blocked !== null).length,
    openBytes: () => budget.bytes,
  };
}
