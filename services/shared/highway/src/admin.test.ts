import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@zhongtai/runtime';
import type { Kafka, Admin as KafkajsAdmin } from 'kafkajs';
import { createAdmin } from './admin.ts';

/** Clients as kafkajs would give them, one after the other. */
function adminOver(clients: Partial<KafkajsAdmin>[]) {
  const log: string[] = [];
  const kafka: Partial<Kafka> = {
    admin() {
      const client = clients.shift();
      log.push('connected');
      const more = { connect: async () => undefined, disconnect: async () => void log.push('closed') };
      return { ...more, ...client } as KafkajsAdmin;
    },
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const admin = createAdmin({ kafka: kafka as Kafka, partitions: 4, replicationFactor: 1, logger });
  return { admin, log };
}

const works: Partial<KafkajsAdmin> = { listTopics: async () => ['t'] };

describe('the admin', () => {
  it('connects anew after what the client could not do, for good or for now', async () => {
    const fails = (name: string): Partial<KafkajsAdmin> => ({
      listTopics: () => Promise.reject(Object.assign(new Error(name), { name })),
    });
    const unconnected: Partial<KafkajsAdmin> = { connect: () => Promise.reject(new Error('strange')) };
    const { admin, log } = adminOver([fails('KafkaJSConnectionError'), fails('Error'), unconnected, works]);
    await expect(admin.listTopics()).rejects.toMatchObject({ code: 'ZT-HIGHWAY-AWAY' });
    await expect(admin.listTopics()).rejects.toMatchObject({ code: 'ZT-HIGHWAY-UNEXPECTED' });
    await expect(admin.listTopics()).rejects.toMatchObject({ code: 'ZT-HIGHWAY-UNEXPECTED' });
    expect(await admin.listTopics()).toEqual(['t']);
    expect(log.filter((entry) => entry === 'connected')).toHaveLength(4);
  });

  /** The bug: a call that failed closed the client under another, whose strange error then ended the process. */
  it('is away for a call whose client was closed by another, and that call closes no newer one', async () => {
    const strange = Promise.withResolvers<never>();
    const shared: Partial<KafkajsAdmin> = {
      listTopics: () => Promise.reject(Object.assign(new Error('lost'), { name: 'KafkaJSConnectionError' })),
      fetchTopicOffsets: () => strange.promise,
    };
    const { admin, log } = adminOver([shared, works]);
    const other = expect(admin.endOffsets('t')).rejects.toMatchObject({ code: 'ZT-HIGHWAY-AWAY' });
    await expect(admin.listTopics()).rejects.toMatchObject({ code: 'ZT-HIGHWAY-AWAY' });
    expect(await admin.listTopics()).toEqual(['t']);
    strange.reject(new Error('nobody knows'));
    await other;
    expect(await admin.listTopics()).toEqual(['t']);
    expect(log).toEqual(['connected', 'closed', 'connected']);
  });

  it('closes within seconds though its client still connects to something that never answers', async () => {
    const { admin } = adminOver([{ connect: () => new Promise(() => {}) }]);
    void admin.listTopics();
    const startMs = performance.now();
    await admin.close();
    expect(performance.now() - startMs).toBeLessThan(4000);
  });
});
