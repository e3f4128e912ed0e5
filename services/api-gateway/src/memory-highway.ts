import type { OutMessage, Publisher, Stored } from '@zhongtai/highway';
import { ZhongtaiError } from '@zhongtai/runtime';
import type { GatewayHighway } from './app.ts';

/** A highway in memory, for tests: what was stored can be read, and storing can be held up or made to fail. */
export interface MemoryHighway extends GatewayHighway {
  readonly stored: OutMessage[];
  /** Values are JSON here instead of Avro. */
  valuesOf(topic: string): Record<string, unknown>[];
  /** `fail` refuses what the predicate picks, after storing the rest; `hold` waits for `release`. */
  fail(when: (message: OutMessage) => boolean): void;
  hold(): void;
  release(): void;
}

/** A long beyond 2^53 comes as a bigint, which JSON has no form for: its digits are enough here. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_name, part) => (typeof part === 'bigint' ? String(part) : part));
}

export function createMemoryHighway(): MemoryHighway {
  const stored: OutMessage[] = [];
  let failing: (message: OutMessage) => boolean = () => false;
  let gate = Promise.resolve();
  let open: () => void = () => undefined;
  let running = false;

  const publisher: Publisher = {
    start: async () => {
      running = true;
    },
    stop: async () => {
      await gate;
      running = false;
    },
    async publish(messages) {
      await gate;
      if (!running) throw new ZhongtaiError('ZT-HIGHWAY-STOPPED', 'retryable', 'stopped');
      const good = messages.filter((message) => !failing(message));
      stored.push(...good);
      if (good.length < messages.length) throw new ZhongtaiError('ZT-HIGHWAY-AWAY', 'retryable', 'away');
      return good.map((_, offset): Stored => ({ partition: 0, offset }));
    },
    bytesInFlight: 0,
    capacityBytes: Number.MAX_SAFE_INTEGER,
    healthy: true,
  };

  return {
    stored,
    valuesOf: (topic) =>
      stored.filter((message) => message.topic === topic).map(({ value }) => JSON.parse(String(value))),
    fail(when) {
      failing = when;
    },
    hold() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    release: () => open(),
    createPublisher: () => publisher,
    codec: {
      prepare: async () => undefined,
      encode: (_topic, _record, value) => Buffer.from(jsonOf(value)),
    },
    admin: { ensureTopics: async () => undefined, ping: async () => true },
  };
}
