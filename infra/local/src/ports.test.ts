import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { choosePorts, freePort, host } from './ports.ts';

describe('ports', () => {
  it('replaces a taken port by a free one and keeps a free one', async () => {
    const neighbour = createServer().listen(0, host);
    await once(neighbour, 'listening');
    const address = neighbour.address();
    const taken = typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0;
    const open = await freePort();
    const chosen = await choosePorts({ kafka: taken, registry: open, clickhouse: 'free' });
    neighbour.close();
    expect(chosen.get('kafka')).not.toBe(taken);
    expect(chosen.get('registry')).toBe(open);
    expect(new Set(chosen.values()).size).toBe(3);
  });

  it('never gives a port from which clients connect, since a part could not come back on it', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    expect(Math.max(...found)).toBeLessThan(32_768);
  });
});
