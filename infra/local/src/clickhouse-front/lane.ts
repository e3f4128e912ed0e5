import { parentPort, workerData } from 'node:worker_threads';
import { type Connection, openConnection, type RunResult } from './engine.ts';
import { ClickHouseError, toClickHouseError } from './exceptions.ts';
import type { Counts, FromLane, Job, ToLane } from './lane-protocol.ts';
import { tokensOf } from './lexer.ts';
import { checkWrittenAnew } from './sandbox.ts';
import { literal } from './settings.ts';
import { checkTree } from './syntax-tree.ts';

// One lane: a thread that runs one statement at a time. It is a thread because the engine computes scalar
// subqueries inside the call that opens a stream, and would stop the whole process meanwhile.

const port = parentPort;
if (!port) throw new Error('a lane runs as a worker thread');
const { directory }: { directory: string } = workerData;
const post = (message: FromLane): void => port.postMessage(message);

const cancelled = new Set<number>();
let wake: (() => void) | undefined;
let wanted = 0;

function checkGoing(job: Job): void {
  if (cancelled.has(job.id)) throw new ClickHouseError(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled');
}

const none: Counts = { elapsedSeconds: 0, rowsRead: 0, bytesRead: 0, rowsWritten: 0, bytesWritten: 0 };

async function runStream(connection: Connection, job: Job): Promise<Counts> {
  const started = performance.now();
  for await (const bytes of connection.stream(job.sql, job.format)) {
    checkGoing(job);
    post({ type: 'chunk', id: job.id, bytes });
    wanted -= 1;
    while (wanted <= 0 && !cancelled.has(job.id)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    checkGoing(job);
  }
  return { ...none, elapsedSeconds: (performance.now() - started) / 1000 };
}

async function runWhole(connection: Connection, job: Job): Promise<Counts> {
  const result: RunResult =
    job.mode === 'insert' ? await connection.insert(job.sql) : await connection.run(job.sql, job.format);
  const { bytes, ...counts } = result;
  if (bytes.length > 0) post({ type: 'chunk', id: job.id, bytes });
  return counts;
}

/** What the engine itself makes of a statement, looked through before it may run. */
async function check(connection: Connection, { sql, right }: Job): Promise<void> {
  const tree = await connection.run(`EXPLAIN AST ${sql}`, 'TSVRaw');
  checkTree(tree.bytes.toString(), right);
  if (right !== 'analyst') return;
  const anew = await connection.run(`SELECT formatQuerySingleLine(${literal(sql)})`, 'TSVRaw');
  checkWrittenAnew(tokensOf(anew.bytes.toString('latin1')));
}

async function run(job: Job): Promise<Counts> {
  // A connection of its own for each statement (0.3 ms), so no setting, parameter or temporary table of one
  // client is seen by the next.
  const connection = openConnection(directory);
  try {
    for (const statement of job.preparation) await connection.run(statement);
    if (job.treeChecked) await check(connection, job);
    checkGoing(job);
    return job.mode === 'stream' ? await runStream(connection, job) : await runWhole(connection, job);
  } finally {
    connection.close();
  }
}

async function handleJob(job: Job): Promise<void> {
  wanted = 2;
  try {
    const counts = await run(job);
    post({ type: 'done', id: job.id, counts });
  } catch (error) {
    const { code, type, message } = toClickHouseError(error);
    post({ type: 'failed', id: job.id, code, name: type, message });
  } finally {
    cancelled.clear();
  }
}

port.on('message', (message: ToLane) => {
  if (message.type === 'job') void handleJob(message.job);
  if (message.type === 'more') wanted += 1;
  if (message.type === 'cancel') cancelled.add(message.id);
  if (message.type === 'more' || message.type === 'cancel') wake?.();
});
post({ type: 'ready' });
