import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@zhongtai/runtime';
import { schemaText } from '@zhongtai/schemas';
import { tableOf, WarehouseError } from '@zhongtai/warehouse';
import { createTableKeeper } from './table-keeper.ts';

const table = tableOf('event', 'highway', 'message_sent', schemaText('zhongtai.marketing.MessageSent'));
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zhongtai-views-'));
  const good = 'CREATE OR REPLACE VIEW mart.good AS SELECT 1;\n';
  const over = 'CREATE OR REPLACE VIEW mart.over_table AS SELECT cost_cents FROM highway.message_sent;\n';
  await writeFile(join(directory, '010.sql'), `${over}${good}`);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A server with one table, one of whose columns has a wrong type until it is mended. */
function serverOf(failure: 'ZT-WAREHOUSE-TABLE' | 'ZT-WAREHOUSE-AWAY') {
  const state = { mended: false, views: new Set<string>() };
  const columns = () =>
    table.columns.map(({ name, type }) => ({
      database: 'highway',
      table: 'message_sent',
      name,
      type: name === 'cost_cents' && !state.mended ? 'String' : type,
    }));
  return {
    state,
    async command(statement: string) {
      const view = /VIEW mart\.(\w+)/.exec(statement)?.[1];
      if (view === undefined) return;
      if (view === 'over_table' && !state.mended) throw new WarehouseError(failure, 'no such column');
      state.views.add(view);
    },
    async query<T>(statement: string): Promise<T[]> {
      return JSON.parse(JSON.stringify(statement.includes('system.columns') ? columns() : []));
    },
  };
}

const logger = createLogger({ name: 'test', level: 'silent' });

describe('the keeper of tables', () => {
  it('starts although one table has a wrong type, and makes the view over it when it is mended', async () => {
    const server = serverOf('ZT-WAREHOUSE-TABLE');
    const keeper = createTableKeeper(server, logger);
    await keeper.prepare([table], directory);
    expect([...server.state.views]).toEqual(['good']);
    await expect(keeper.ensure(table)).rejects.toMatchObject({ code: 'ZT-WAREHOUSE-TYPE-CHANGED' });
    server.state.mended = true;
    await keeper.ensure(table);
    expect([...server.state.views]).toEqual(['good', 'over_table']);
  });

  it('does not take a server that is away for a view that cannot be made', async () => {
    const keeper = createTableKeeper(serverOf('ZT-WAREHOUSE-AWAY'), logger);
    await expect(keeper.prepare([table], directory)).rejects.toMatchObject({ code: 'ZT-WAREHOUSE-AWAY' });
  });
});
