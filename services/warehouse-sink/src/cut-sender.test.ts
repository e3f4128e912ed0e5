import { describe, expect, it } from '@jest/globals';
import type { DeadLetter } from '@zhongtai/highway';
import { createLogger, createMetrics, ZhongtaiError } from '@zhongtai/runtime';
import { schemaText } from '@zhongtai/schemas';
import { ByteWriter, tableOf, WarehouseError, type WarehouseErrorCode } from '@zhongtai/warehouse';
import type { RowGroup, SealedCut } from './cut-builder.ts';
import { type CutSenderOptions, createCutSender, type SendOrder } from './cut-sender.ts';
import { createSinkMetrics } from './metrics.ts';
import { createGate, givenUp } from './waiting.ts';

const place = { topic: 'highway.marketing', partition: 2 };

function group(table: string): RowGroup {
  const text = schemaText('zhongtai.marketing.MessageSent');
  const route = { group: table, table: tableOf('event', 'highway', table, text), columns: [], plan: null };
  return { name: `${table}:0`, route, writer: new ByteWriter(), rows: 1 };
}

function letter(offset: number, value: string): DeadLetter {
  const said = { stage: 'warehouse-sink', reason: 'ZT-SINK-NOT-AVRO', message: 'not Avro', timestampMs: 1 };
  return { ...place, offset, ...said, key: null, value: Buffer.from(value) };
}

function orderOf(groups: readonly RowGroup[], deadLetters: readonly DeadLetter[] = []): SendOrder {
  const cut: SealedCut = {
    first: 0,
    last: 9,
    groups,
    deadLetters,
    rows: 1,
    bytes: 1,
    oldestMs: 1,
    newestMs: 1,
  };
  const signal = new AbortController().signal;
  return { place, epoch: '1', cut, signal, mayStillSend: async () => undefined, onBlocked: () => undefined };
}

function senderOf(options: Partial<CutSenderOptions>) {
  const watched = {
    lagSeconds: () => new Map<string, number>(),
    pendingSeconds: () => 0,
    blockedPartitions: () => 0,
    openBytes: () => 0,
  };
  return createCutSender({
    cluster: 'c',
    warehouse: { insert: async () => undefined },
    deadLetters: { send: async () => undefined },
    ensureTable: async () => undefined,
    doubtTable: () => undefined,
    gate: createGate(4),
    metrics: createSinkMetrics(createMetrics(), watched),
    logger: createLogger({ name: 'test', level: 'silent' }),
    ...options,
  });
}

describe('the sender of a cut', () => {
  const codes: WarehouseErrorCode[] = ['ZT-WAREHOUSE-TYPE-CHANGED', 'ZT-WAREHOUSE-NO-DEDUPLICATION'];
  it.each(codes)('waits for a table with %s before anything of the cut is in', async (code) => {
    let mended = false;
    const done: string[] = [];
    const sender = senderOf({
      warehouse: { insert: async ({ table }) => void done.push(table.name) },
      deadLetters: { send: async () => void done.push('letters') },
      async ensureTable({ name }) {
        if (name === 'wrong' && !mended) throw new WarehouseError(code, 'not as it should be');
      },
    });
    const blocked: (string | null)[] = [];
    await sender.send({
      ...orderOf([group('right'), group('wrong')], [letter(1, 'x')]),
      onBlocked(reason) {
        blocked.push(reason);
        if (mended || reason === null) return;
        expect(done).toEqual([]);
        mended = blocked.length > 1;
      },
    });
    expect(done).toEqual(['letters', 'right', 'wrong']);
    expect(blocked).toEqual([`highway.wrong: ${code}`, `highway.wrong: ${code}`, null]);
  });

  it('inserts nothing while the dead letters of the cut cannot be set aside', async () => {
    const done: string[] = [];
    let attempts = 0;
    const sender = senderOf({
      warehouse: { insert: async ({ table }) => void done.push(table.name) },
      deadLetters: {
        async send() {
          attempts += 1;
          expect(done).toEqual([]);
          if (attempts < 3) throw new ZhongtaiError('ZT-HIGHWAY-NO-TOPIC', 'fatal', 'no topic dead-letter');
        },
      },
    });
    await sender.send(orderOf([group('right')], [letter(1, 'x')]));
    expect([attempts, ...done]).toEqual([3, 'right']);
  });

  it('stops at once when the partition was given up', async () => {
    let asked = 0;
    const refuse = async () => {
      asked += 1;
      throw givenUp();
    };
    const sending = senderOf({}).send({ ...orderOf([group('right')]), mayStillSend: refuse });
    await expect(sending).rejects.toMatchObject({ code: 'ZT-SINK-GIVEN-UP' });
    expect(asked).toBe(1);
  });

  it('sends all dead letters of a cut as one list', async () => {
    const sent: (readonly DeadLetter[])[] = [];
    const letters = Array.from({ length: 500 }, (_, offset) => letter(offset, 'x'));
    await senderOf({ deadLetters: { send: async (list) => void sent.push(list) } }).send(
      orderOf([], letters),
    );
    expect(sent).toEqual([letters]);
  });
});
