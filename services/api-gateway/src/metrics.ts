import { Counter, Gauge, Histogram, type Registry } from '@zhongtai/runtime';

export interface GatewayMetrics {
  readonly events: Counter<'source' | 'outcome'>;
  readonly rejected: Counter<'code'>;
  readonly requests: Counter<'status'>;
  readonly requestSeconds: Histogram<never>;
  readonly publishSeconds: Histogram<never>;
  readonly droppedIdentifiers: Counter<'id_type'>;
  readonly vaultRecords: Counter<never>;
}

/** What the gauges read when they are asked. */
export interface GatewayState {
  readonly bytesInFlight: number;
  readonly cachedTokens: number;
  readonly keys: number;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** Every metric of the gateway. The README's table lists the same names. */
export function createGatewayMetrics(registry: Registry, state: GatewayState): GatewayMetrics {
  const registers = [registry];
  gauge(
    registry,
    'zhongtai_gateway_in_flight_bytes',
    'Bytes of requests between first byte and answer',
    () => state.bytesInFlight,
  );
  gauge(
    registry,
    'zhongtai_gateway_cached_tokens',
    'Identifiers whose token and vault record are remembered',
    () => state.cachedTokens,
  );
  gauge(registry, 'zhongtai_gateway_keys', 'API keys in force', () => state.keys);
  return {
    events: new Counter({
      name: 'zhongtai_gateway_events_total',
      help: 'Events by source and outcome: accepted, rejected, shed, failed (refused with 503 after admission)',
      labelNames: ['source', 'outcome'],
      registers,
    }),
    rejected: new Counter({
      name: 'zhongtai_gateway_rejections_total',
      help: 'Refused events and refused requests by code',
      labelNames: ['code'],
      registers,
    }),
    requests: new Counter({
      name: 'zhongtai_gateway_requests_total',
      help: 'Requests by HTTP status',
      labelNames: ['status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'zhongtai_gateway_request_seconds',
      help: 'From the head of a request to its answer',
      buckets: SECONDS,
      registers,
    }),
    publishSeconds: new Histogram({
      name: 'zhongtai_gateway_publish_seconds',
      help: 'From handing records to Kafka to the acknowledgement of all replicas',
      buckets: SECONDS,
      registers,
    }),
    droppedIdentifiers: new Counter({
      name: 'zhongtai_gateway_dropped_identifiers_total',
      help: 'Identifiers left out of accepted events because their value says nothing about a person',
      labelNames: ['id_type'],
      registers,
    }),
    vaultRecords: new Counter({
      name: 'zhongtai_gateway_vault_records_total',
      help: 'Encrypted identifiers written to vault.identifier, repeats included',
      registers,
    }),
  };
}
