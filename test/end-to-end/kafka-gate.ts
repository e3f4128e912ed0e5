import { connect, createServer, type Server, type Socket } from 'node:net';

/** Kafka's numbers of the requests that tests hold or cut. */
export const apiKeys = { produce: 0, endTransaction: 26 } as const;

const host = '127.0.0.1';

/**
 * A way to a broker that a test can close for one kind of request. The broker's port in its answers is replaced by
 * the gate's, so that a client that came through the gate stays behind it.
 */
export interface KafkaGate {
  readonly address: string;
  /** From now on requests of this kind, and what follows on their connections, wait. Answers when the first does. */
  hold(apiKey: number): Promise<void>;
  release(): void;
  /** The next answer to a request of this kind is lost: the broker does the work, the client sees a closed connection. */
  loseAnswer(apiKey: number): void;
  close(): Promise<void>;
}

/** Splits a stream into Kafka's messages: four bytes of length before each. */
function splitter(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0);
      if (rest.length < end) return;
      onMessage(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

function addressBytes(port: number): Buffer {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(port, host.length);
  return bytes;
}

class Gate implements KafkaGate {
  readonly #brokerPort: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held: number | null = null;
  #onHeld: () => void = () => undefined;
  #waiting: (() => void)[] = [];
  #lost: number | null = null;

  constructor(broker: string) {
    this.#brokerPort = Number(broker.split(':')[1]);
    this.#server = createServer((client) => this.#connect(client));
  }

  get address(): string {
    const address = this.#server.address();
    return `${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
  }

  hold(apiKey: number): Promise<void> {
    this.#held = apiKey;
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
  }

  release(): void {
    this.#held = null;
    for (const go of this.#waiting.splice(0)) go();
  }

  loseAnswer(apiKey: number): void {
    this.#lost = apiKey;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(client: Socket): void {
    const broker = connect(this.#brokerPort, host);
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    const losing = new Set<number>();
    let stopped: Promise<void> | null = null;
    client.on(
      'data',
      splitter((message) => {
        const apiKey = message.readInt16BE(4);
        if (apiKey === this.#held) {
          stopped = new Promise((resolve) => this.#waiting.push(resolve));
          this.#onHeld();
        }
        if (apiKey === this.#lost) {
          this.#lost = null;
          losing.add(message.readInt32BE(8));
        }
        if (stopped === null) broker.write(message);
        else void stopped.then(() => broker.write(message));
      }),
    );
    broker.on(
      'data',
      splitter((message) => {
        if (losing.has(message.readInt32BE(4))) client.destroy();
        else client.write(this.#readdressed(message));
      }),
    );
  }

  #readdressed(message: Buffer): Buffer {
    const there = addressBytes(this.#brokerPort);
    const here = addressBytes(Number(this.address.split(':')[1]));
    const copy = Buffer.from(message);
    for (let at = copy.indexOf(there); at >= 0; at = copy.indexOf(there, at + 1)) here.copy(copy, at);
    return copy;
  }
}

export async function openGate(broker: string): Promise<KafkaGate> {
  const gate = new Gate(broker);
  await gate.listen();
  return gate;
}
