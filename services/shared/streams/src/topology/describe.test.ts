import { describe, expect, it } from '@jest/globals';
import { describeTopology, mermaidOf } from './describe.ts';
import { graphOf } from './graph.ts';
import { application, topology } from './topology.ts';
import type { StoreDefinition, StreamTopic } from './types.ts';

const serde = { name: 'text', encode: (value: string) => Buffer.from(value), decode: String };
const orders: StreamTopic<string> = { name: 'orders', partitions: 'P', serde };
const byStore: StreamTopic<string> = {
  name: 'by-store',
  partitions: 'P',
  serde,
  internal: { retentionMs: 7 },
};
const counts: StoreDefinition = { kind: 'keyed', name: 'counts', serde };
const stores = { kind: 'global' as const, name: 'stores', serde, topic: { ...orders, name: 'stores' } };
const timer = { name: 'close', onDue: () => undefined };
const handle = () => undefined;

const shop = topology('shop', {
  order: 'free',
  parts: [
    {
      name: 'by-store',
      operator: 'rekey',
      inputs: [{ topic: orders, kind: 'stream', stage: 'by-store', handle }],
      outputs: [byStore],
    },
    {
      name: 'count',
      operator: 'count',
      inputs: [{ topic: byStore, kind: 'stream', stage: 'count', handle }],
      stores: [counts],
      globals: [stores],
      timers: [timer],
    },
  ],
});

describe('a description', () => {
  it('says in text what each part reads, keeps, sets and writes', () => {
    expect(describeTopology(application('app', [shop]))).toBe(
      [
        'application app',
        'topology shop: order free, from earliest, records by event time, idle after 15 s',
        '  by-store (rekey)',
        '    reads orders (text)',
        '    writes app.by-store (text)',
        '  count (count)',
        '    reads app.by-store (text)',
        '    looks up global table stores (stores)',
        '    keeps store counts (keyed, app.shop.counts.changelog)',
        '    sets timer close',
        '',
      ].join('\n'),
    );
  });

  it('is a graph whose edges join its nodes, each once', () => {
    const graph = graphOf(application('app', [shop, { ...shop, name: 'again' }]));
    const ids = graph.nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { from, to } of graph.edges) expect(ids).toEqual(expect.arrayContaining([from, to]));
    expect(graph.topologies.map(({ name }) => name)).toEqual(['shop', 'again']);
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  it('is a diagram', () => {
    const lines = mermaidOf(shop).split('\n');
    expect(lines[0]).toBe('flowchart LR');
    expect(lines).toContain('    part_32_shop_46_count["count<br>count"]');
    expect(lines).toContain('  topic_32_orders --> part_32_shop_46_by_45_store');
    expect(lines).toContain('  topic_32_stores -.-> part_32_shop_46_count');
  });
});
