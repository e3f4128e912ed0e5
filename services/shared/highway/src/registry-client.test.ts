import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createRegistryClient } from './registry-client.ts';

const text = JSON.stringify({ type: 'record', name: 'a.B', fields: [] });

async function registerAt(refusal: object): Promise<unknown> {
  const registry = createServer((_request, response) => {
    response.writeHead(409, { 'content-type': 'application/json' }).end(JSON.stringify(refusal));
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  try {
    return await createRegistryClient(`http://127.0.0.1:${port}`).register('t-a.B', text);
  } catch (error) {
    return error;
  } finally {
    registry.close();
  }
}

describe('a registry that refuses a schema', () => {
  it('is fatal when the schema is not compatible', async () => {
    const refused = await registerAt({ error_code: 409, message: 'The schema is incompatible' });
    expect(refused).toMatchObject({ code: 'ZT-HIGHWAY-SCHEMA-REFUSED', failure: 'fatal' });
  });

  // The bug: gateway and sink came up together and registered the same subject; the slower one ended with code 1.
  it('is asked again when another has just registered the subject', async () => {
    const raced = await registerAt({
      error_code: 409,
      message: "An artifact with ID 't-a.B' already exists.",
    });
    expect(raced).toMatchObject({ code: 'ZT-HIGHWAY-REGISTRY-AWAY', failure: 'retryable' });
  });
});

/** A registry that was just started again: it knows nothing until its log is read, and a write waits for that. */
async function restarted(knows: boolean, write: number) {
  let whole = false;
  const registry = createServer((request, response) => {
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url?.includes('/schemas/ids/')) {
      return whole && knows
        ? json(200, { schema: text })
        : json(404, { error_code: 40403, message: 'not found' });
    }
    if (request.method === 'PUT') {
      whole = write === 200;
      return json(write, { compatibility: 'FULL_TRANSITIVE' });
    }
    return request.method === 'POST'
      ? json(200, { id: 7 })
      : json(200, { compatibilityLevel: 'FULL_TRANSITIVE' });
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const client = createRegistryClient(`http://127.0.0.1:${port}`);
  await client.register('t-a.B', text);
  whole = false;
  return { client, close: () => registry.close() };
}

// The bug: 136,431 good events became dead letters while a registry that had been killed was reading its log.
describe('a registry that is reading its log', () => {
  it('is not believed when it says that it has no such schema, until a write of ours is through', async () => {
    const { client, close } = await restarted(true, 200);
    expect(await client.find(34)).toBe(text);
    close();
  });

  it('is away as long as it cannot write', async () => {
    const { client, close } = await restarted(true, 500);
    await expect(client.find(34)).rejects.toMatchObject({ failure: 'retryable' });
    close();
  });

  it('is believed afterwards: then the schema is unknown', async () => {
    const { client, close } = await restarted(false, 200);
    expect(await client.find(34)).toBeNull();
    close();
  });
});
