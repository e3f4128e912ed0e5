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
