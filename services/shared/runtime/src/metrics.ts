import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Creates the registry of a process. It is handed to whatever measures; nothing registers by itself. */
export function createMetrics(): Registry {
  return new Registry();
}

/** Adds the Node.js process metrics (memory, event-loop lag, CPU) to a process's registry. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
