import type { DeadLetters, Place } from '@zhongtai/highway';
import { codeOf, type Logger } from '@zhongtai/runtime';
import type { Table, Warehouse } from '@zhongtai/warehouse';
import { tokenOf } from './cut.ts';
import type { RowGroup, SealedCut } from './cut-builder.ts';
import type { SinkMetrics } from './metrics.ts';
import { type Gate, isGivenUp, untilDone } from './waiting.ts';

/** Sends everything of a cut and resolves when all of it is in. May be called again with the same cut. */
export interface CutSender {
  send(order: SendOrder): Promise<void>;
}

export interface SendOrder {
  readonly place: Place;
  readonly epoch: string;
  readonly cut: SealedCut;
  /** Called before every attempt; rejects when the cut may no longer be sent. */
  readonly mayStillSend: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Told whether attempts fail at present. */
  readonly onBlocked: (reason: string | null) => void;
}

export interface CutSenderOptions {
  readonly cluster: string;
  readonly warehouse: Pick<Warehouse, 'insert'>;
  readonly deadLetters: Pick<DeadLetters, 'send'>;
  /** Creates or widens the table that a writer's schema needs; cheap when that was done before. */
  readonly ensureTable: (table: Table) => Promise<void>;
  /** Forgets that a table was ensured: it may have been dropped. */
  readonly doubtTable: (table: Table) => void;
  readonly gate: Gate;
  readonly metrics: SinkMetrics;
  readonly logger: Logger;
}

export function createCutSender(options: CutSenderOptions): CutSender {
  const { cluster, warehouse, deadLetters, ensureTable, doubtTable, gate, metrics, logger } = options;

  /**
   * Whatever the failure is: a table with a wrong type waits to be mended as a warehouse that is away waits to
   * come back, and the partitions that have nothing for it go on.
   */
  function retrying(order: SendOrder, what: string, work: () => Promise<void>): Promise<void> {
    return untilDone(
      async () => {
        await order.mayStillSend();
        await work();
      },
      order.signal,
      (error, attempt) => {
        const reason = codeOf(error) ?? 'unknown';
        metrics.retries.inc({ reason });
        order.onBlocked(`${what}: ${reason}`);
        // The first, the second, the fourth: a warehouse that is away for an hour shall not fill the disk.
        if ((attempt & (attempt - 1)) === 0) {
          logger.warn({ err: error, attempt, what, ...order.place }, 'attempt failed and will be made again');
        }
      },
      (error) => !isGivenUp(error),
    );
  }

  async function insertGroup(order: SendOrder, group: RowGroup): Promise<void> {
    const { table, columns } = group.route;
    const name = nameOf(table);
    const token = tokenOf({ cluster, ...order.place, epoch: order.epoch, cut: order.cut, group: group.name });
    await retrying(order, name, async () => {
      await ensureTable(table);
      try {
        await gate.run(async () => {
          const end = metrics.insertSeconds.startTimer();
          const { rows } = group;
          const body = group.writer.bytes();
          await warehouse.insert({ table, columns, body, rows, token, signal: order.signal });
          end();
        });
      } catch (error) {
        if (changed.has(codeOf(error) ?? '')) doubtTable(table);
        throw error;
      }
    });
    metrics.inserts.inc({ table: name });
    metrics.rows.inc({ table: name }, group.rows);
    metrics.insertRows.observe(group.rows);
  }

  async function setAside(order: SendOrder): Promise<void> {
    const letters = order.cut.deadLetters;
    if (letters.length === 0) return;
    await retrying(order, 'dead-letter', () => deadLetters.send(letters));
  }

  return {
    async send(order) {
      // What may wait long comes before any row is in: tables remember only so many inserts, and a cut that is
      // half in when its process dies must be replayed while they do.
      const { groups } = order.cut;
      for (const { route } of groups)
        await retrying(order, nameOf(route.table), () => ensureTable(route.table));
      await setAside(order);
      await Promise.all(groups.map(async (group) => await insertGroup(order, group)));
      order.onBlocked(null);
    },
  };
}

function nameOf({ database, name }: Table): string {
  return `${database}.${name}`;
}

/** Failures behind which there may be a table that was dropped or changed by hand. */
const changed: ReadonlySet<string> = new Set(['ZT-WAREHOUSE-TABLE', 'ZT-WAREHOUSE-REFUSED']);
