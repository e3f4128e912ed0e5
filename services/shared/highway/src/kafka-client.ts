import type { Logger } from '@zhongtai/runtime';
import kafkajs from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import socketFactory from 'kafkajs/src/network/socketFactory.js';
import type { BrokerNode, KafkajsCluster, WireExchange } from './kafkajs-types.ts';
import { type KafkaSecurity, kafkajsSecurity } from './security.ts';

const metadataMaxAgeMs = 60_000;
const connectionTimeoutMs = 2_000;
/** Few and quick: every caller of ours has its own loop with its own deadline. */
const retry = { initialRetryTime: 50, maxRetryTime: 300, retries: 2 };

export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly logger: Logger;
  readonly security?: KafkaSecurity;
}

/**
 * kafkajs arms a timer behind every request even when nothing waits; on Node 24 its negative delay becomes 1 ms
 * and re-arms itself for ever: a busy loop and a warning. A timer is needed only while something waits.
 */
function calmRequestQueue(): void {
  const queue = RequestQueue.prototype;
  queue.scheduleCheckPendingRequests = function schedule(this: typeof queue) {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const waitMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      waitMs > 0 ? waitMs : 10,
    );
  };
}
calmRequestQueue();

interface LogEntry {
  readonly namespace: string;
  readonly level: number;
  readonly log: { readonly message: string; readonly broker?: unknown; readonly error?: unknown };
}

/** kafkajs's own lines as debug lines: what matters of them reaches the caller as an error and is logged there. */
function logCreator(logger: Logger) {
  return () =>
    ({ namespace, log }: LogEntry) =>
      logger.debug({ namespace, broker: log.broker, error: log.error }, log.message);
}

/** The cluster of one publisher or one group member, with connections of its own. */
export function createCluster(options: KafkaClientOptions, requestTimeoutMs: number): KafkajsCluster {
  return new Cluster({
    logger: loggers.createLogger({ level: kafkajs.logLevel.WARN, logCreator: logCreator(options.logger) }),
    socketFactory: socketFactory(),
    brokers: options.brokers,
    clientId: options.clientId,
    ...kafkajsSecurity(options.security),
    connectionTimeout: connectionTimeoutMs,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: metadataMaxAgeMs,
    retry,
    allowAutoTopicCreation: false,
    isolationLevel: 1,
  });
}

/** kafkajs's public client, for administration. */
export function createKafka(options: KafkaClientOptions): kafkajs.Kafka {
  return new kafkajs.Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...kafkajsSecurity(options.security),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: 15_000,
    retry,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: logCreator(options.logger),
  });
}

/** Sends a request of our own; a closed connection closes the broker, so that the next use connects again. */
export async function exchange<T>(broker: BrokerNode, message: WireExchange<T>): Promise<T> {
  try {
    return await broker.connectionPool.send(message);
  } catch (error) {
    if (hasName(error, 'KafkaJSConnectionClosedError')) await broker.disconnect();
    throw error;
  }
}

function hasName(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name;
}
