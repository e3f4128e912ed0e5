import { setTimeout as sleep } from 'node:timers/promises';
import { ZhongtaiError } from '@zhongtai/runtime';
import { checkHttp } from './http-check.ts';
import { checkKafka } from './kafka-check.ts';
import type { PartName } from './part.ts';
import { host } from './ports.ts';
import { checkPostgres } from './postgres-check.ts';

const pollMs = 100;

/** Asks a part in its own protocol whether it works; rejects with the reason when it does not. */
export async function checkPart(name: PartName, port: number): Promise<void> {
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
  }
}

/** Waits until the part answers. */
export async function waitForPart(name: PartName, port: number, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      return await checkPart(name, port);
    } catch (cause) {
      if (Date.now() > deadline) {
        const message = `${name} on port ${port} is not well after ${limitMs} ms`;
        throw new ZhongtaiError('ZT-LOCAL-HEALTH', 'retryable', message, { cause });
      }
    }
    await sleep(pollMs);
  }
}
