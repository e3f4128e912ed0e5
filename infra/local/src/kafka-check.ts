import { connect } from 'node:net';
import { localError } from './errors.ts';

const metadataKey = 3;
const metadataVersion = 4;
const correlationId = 7;
const limitMs = 2_000;

/**
 * Asks the broker for its cluster's metadata, by hand, since only the highway may hold a Kafka client.
 * Healthy means: it answers, knows at least one live broker, and has a controller.
 */
export async function checkKafka(host: string, port: number): Promise<void> {
  const answer = parseMetadata(await ask(host, port, metadataRequest()));
  if (answer.brokers === 0 || answer.controllerId < 0) {
    throw localError('ZT-LOCAL-HEALTH', 'kafka answers but has no live broker yet', {
      details: { ...answer },
    });
  }
}

/** Metadata v4 for no topics: size, api key, version, correlation id, client id, empty array, no auto-creation. */
function metadataRequest(): Buffer {
  const client = Buffer.from('zhongtai-health');
  const body = Buffer.alloc(8 + 2 + client.length + 4 + 1);
  body.writeInt16BE(metadataKey, 0);
  body.writeInt16BE(metadataVersion, 2);
  body.writeInt32BE(correlationId, 4);
  body.writeInt16BE(client.length, 8);
  client.copy(body, 10);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** Reads count of brokers and the controller's id out of a Metadata v4 answer (without its size). */
export function parseMetadata(answer: Buffer): { brokers: number; controllerId: number } {
  if (answer.readInt32BE(0) !== correlationId) {
    throw localError('ZT-LOCAL-HEALTH', 'what listens here does not speak Kafka');
  }
  let at = 8; // after correlation id and throttle time
  const string = (): void => {
    const length = answer.readInt16BE(at);
    at += 2 + Math.max(length, 0);
  };
  const brokers = answer.readInt32BE(at);
  at += 4;
  for (let index = 0; index < brokers; index += 1) {
    at += 4;
    string();
    at += 4;
    string();
  }
  string();
  return { brokers, controllerId: answer.readInt32BE(at) };
}

function ask(host: string, port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (message: string): void => {
      socket.destroy();
      reject(localError('ZT-LOCAL-HEALTH', `kafka on ${host}:${port}: ${message}`));
    };
    let received = Buffer.alloc(0);
    socket.setTimeout(limitMs, () => fail('no answer in time'));
    socket.on('error', (error) => fail(error.message));
    socket.on('end', () => fail('connection closed'));
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4) return;
      const size = received.readInt32BE(0);
      if (size < 8 || size > 1_000_000) return fail('what listens here does not speak Kafka');
      if (received.length < 4 + size) return;
      socket.destroy();
      resolve(received.subarray(4, 4 + size));
    });
  });
}
