import { connect } from 'node:net';
import { localError } from './errors.ts';

const limitMs = 2_000;

/**
 * Opens a session as far as the server's first answer: a request for authentication means that it takes
 * connections, an error (57P03 while it starts or recovers) that it does not.
 */
export function checkPostgres(where: string, port: number): Promise<void> {
  return new Promise((resolved, reject) => {
    const socket = connect({ host: where, port });
    const fail = (message: string): void => {
      socket.destroy();
      reject(localError('ZT-LOCAL-HEALTH', `postgres on ${where}:${port}: ${message}`));
    };
    socket.setTimeout(limitMs, () => fail('no answer in time'));
    socket.on('error', (error) => fail(error.message));
    socket.on('end', () => fail('connection closed'));
    socket.on('connect', () => socket.write(startupMessage()));
    socket.once('data', (answer) => {
      if (answer.toString('latin1', 0, 1) !== 'R') return fail(answer.toString('latin1', 5, 200));
      socket.destroy();
      resolved();
    });
  });
}

function startupMessage(): Buffer {
  const parameters = Buffer.from(`user\0zhongtai\0database\0zhongtai\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length, 0);
  head.writeInt32BE(196_608, 4); // protocol 3.0
  return Buffer.concat([head, parameters]);
}
