import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createLogger, Secret } from '@zhongtai/runtime';
import { createCluster, createKafka, type KafkaClientOptions } from './kafka-client.ts';
import type { KafkaSecurity } from './security.ts';

const apiVersions = 18;
const saslHandshake = 17;

/** A broker that says which requests it knows and hangs up at anything else; keeps what it was sent. */
async function brokerThatListens() {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received.push(bytes);
      if (bytes.readInt16BE(4) !== apiVersions) return void socket.destroy();
      const known = [saslHandshake, apiVersions].flatMap((key) => [0, key, 0, 0, 0, 1]);
      const body = [...bytes.subarray(8, 12), 0, 0, 0, 0, 0, 2, ...known, 0, 0, 0, 0];
      socket.write(Buffer.from([0, 0, 0, body.length, ...body]));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { received, server, port: (server.address() as AddressInfo).port };
}

const clients = {
  cluster: (options: KafkaClientOptions) => createCluster(options, 1_000),
  admin: (options: KafkaClientOptions) => createKafka(options).admin(),
};

async function firstBytes(security: KafkaSecurity, client: keyof typeof clients) {
  const { received, server, port } = await brokerThatListens();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'test', level: 'trace', destination });
  const connection = clients[client]({ brokers: [`127.0.0.1:${port}`], clientId: 'test', logger, security });
  const failure: unknown = await connection.connect().catch((error: unknown) => error);
  await connection.disconnect();
  server.close();
  return { received, told: `${lines.join()} ${inspect(failure, { depth: 9 })}` };
}

describe.each(['cluster', 'admin'] as const)('the connections of %s', (client) => {
  it('begin with TLS where it is asked for', async () => {
    const { received } = await firstBytes({ tls: true }, client);
    expect([received[0]?.[0], received[0]?.[1]]).toEqual([0x16, 0x03]);
  });

  it('name themselves by SASL before anything else, and the password is in no line and no error', async () => {
    const password = new Secret('hunter2-hunter2');
    const sasl = { mechanism: 'scram-sha-256', username: 'sink', password } as const;
    const { received, told } = await firstBytes({ sasl }, client);
    expect(received[1]?.readInt16BE(4)).toBe(saslHandshake);
    expect(received[1]?.includes('SCRAM-SHA-256')).toBe(true);
    expect(told).not.toContain('hunter2');
  });
});
