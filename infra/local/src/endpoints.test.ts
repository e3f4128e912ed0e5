import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readEndpoints, writeEndpoints } from './endpoints.ts';

describe('endpoints.json', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zhongtai-endpoints-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is empty before anything ran', async () => {
    expect(await readEndpoints(directory)).toEqual({});
  });

  it('merges what different processes write at the same time, and leaves no draft behind', async () => {
    await Promise.all([
      writeEndpoints(directory, { kafka: '127.0.0.1:1' }),
      writeEndpoints(directory, { apiGateway: 'http://127.0.0.1:2' }),
      writeEndpoints(directory, { console: 'http://127.0.0.1:3' }),
    ]);
    expect(await readEndpoints(directory)).toEqual({
      kafka: '127.0.0.1:1',
      apiGateway: 'http://127.0.0.1:2',
      console: 'http://127.0.0.1:3',
    });
    expect(await readdir(directory)).toEqual(['endpoints.json']);
  });

  it('forgets who says null', async () => {
    await writeEndpoints(directory, { kafka: '127.0.0.1:1', registry: 'http://127.0.0.1:2' });
    expect(await writeEndpoints(directory, { kafka: null })).toEqual({ registry: 'http://127.0.0.1:2' });
  });

  it('takes only what it knows', async () => {
    await writeFile(join(directory, 'endpoints.json'), '{"kafka":"127.0.0.1:1","other":"x","console":5}');
    expect(await readEndpoints(directory)).toEqual({ kafka: '127.0.0.1:1' });
  });
});
