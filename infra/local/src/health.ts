import { setTimeout as sleep } from 'node:timers/promises';
import { localError } from './errors.ts';
import { checkHttp } from './http-check.ts';
import { checkKafka } from './kafka-check.ts';
import { host } from './ports.ts';
import { checkPostgres } from './postgres-check.ts';

const pollMs = 100;

/** Asks a part in its own protocol whether it works; rejects with the reason when it does not. */
export async function checkPart(name: string, port: number): Promise<void> {
  const http = `http://${host}:${port}`;
  switch (name) {
    case 'kafka':
      return checkKafka(host, port);
    case 'postgres':
      return checkPostgres(host, port);
    case 'registry':
      return checkHttp(`${http}/apis/ccompat/v7/subjects`, (body) => body.startsWith('['));
    case 'clickhouse':
      await checkHttp(`${http}/ping`, (body) => body === 'Ok.\n');
      return checkHttp(`${http}/?query=SELECT%201`, (body) => body.trim() === '1');
    default:
      throw localError('ZT-LOCAL-PARTS', `nobody knows how to ask ${name}`);
  }
}

/** Waits until the check passes; by default the part's own. */
export async function waitFor(
  { name, port }: { readonly name: string; readonly port: number },
  limitMs: number,
  check: () => Promise<void> = () => checkPart(name, port),
): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (cause) {
      if (Date.now() > deadline) {
        const message = `${name} is not well after ${limitMs} ms`;
        throw localError('ZT-LOCAL-HEALTH', message, { cause });
      }
    }
    await sleep(pollMs);
  }
}
