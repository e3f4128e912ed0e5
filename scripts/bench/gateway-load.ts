import { connect, type Socket } from 'node:net';
import { benchEvent } from './gateway-events.ts';

/**
 * The load generator, a process of its own. It writes prepared requests to raw sockets, one under way on each, and
 * looks at no more of an answer than its status and length: a full HTTP client would cost more than the server.
 */
const port = Number(process.env['PORT']);
const key = process.env['KEY'] ?? '';
const batch = Number(process.env['BATCH']);
const connections = Number(process.env['CONNECTIONS']);
const warmMs = Number(process.env['WARM_MS']);
const measureMs = Number(process.env['MEASURE_MS']);
const BODIES = batch > 1 ? 120 : 20_000;

function prepare(): Buffer[] {
  const now = Date.now();
  return Array.from({ length: BODIES }, (_, body) => {
    const events = Array.from({ length: batch }, (__, n) => benchEvent(body * batch + n, now));
    const text = JSON.stringify(batch > 1 ? events : events[0]);
    const head = [
      'POST /v1/events HTTP/1.1',
      'host: 127.0.0.1',
      `authorization: Bearer ${key}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
  });
}

const requests = prepare();
const latencies: number[] = [];
let next = 0;
let refused = 0;
let measuring = false;
let over = false;
let cpuAtStart = process.cpuUsage();

function drive(socket: Socket): void {
  let sentAt = 0;
  let answer = '';
  const send = (): void => {
    const request = requests[next++ % requests.length];
    sentAt = performance.now();
    if (request !== undefined) socket.write(request);
  };
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    const length = /content-length: (\d+)/i.exec(answer)?.[1];
    if (end < 0 || length === undefined || answer.length < end + 4 + Number(length)) return;
    const ok = answer.startsWith('HTTP/1.1 202') && answer.endsWith('"rejected":[]}');
    answer = '';
    if (measuring) {
      latencies.push(performance.now() - sentAt);
      if (!ok) refused += 1;
    }
    if (over) socket.end();
    else send();
  });
  socket.once('connect', send);
}

const sockets = Array.from({ length: connections }, () => connect(port, '127.0.0.1'));
for (const socket of sockets) drive(socket);
const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
await new Promise((resolve) => setTimeout(resolve, warmMs));
process.send?.('measure');
measuring = true;
cpuAtStart = process.cpuUsage();
const startedAt = performance.now();
await new Promise((resolve) => setTimeout(resolve, measureMs));
measuring = false;
const seconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(cpuAtStart);
process.send?.('measured');
over = true;
await Promise.all(closed);

latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
const bytes = requests.reduce((sum, request) => sum + request.length, 0) / (requests.length * batch);
console.log(
  JSON.stringify({
    requests: latencies.length,
    refused,
    events: latencies.length * batch,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    generatorCpuSeconds: (user + system) / 1e6,
    requestBytesPerEvent: Math.round(bytes),
  }),
);
process.disconnect?.();
