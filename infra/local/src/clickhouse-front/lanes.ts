import { Worker } from 'node:worker_threads';
import type { Logger } from '@zhongtai/runtime';
import { type Connection, openConnection } from './engine.ts';
import { ClickHouseError } from './exceptions.ts';
import type { Counts, FromLane, Job, ToLane } from './lane-protocol.ts';

/** A job without its number, and who waits for it. */
export type Work = Omit<Job, 'id' | 'preparation'> & {
  /** Built when the number is known, which marks the running statement. */
  readonly prepare: (mark: string) => string[];
};

export interface WorkOptions {
  /** Takes one piece of the result; the next one is asked for when it resolves. */
  readonly onChunk: (bytes: Buffer) => Promise<void>;
  readonly signal: AbortSignal;
}

interface Ticket {
  readonly job: Job;
  readonly options: WorkOptions;
  readonly resolve: (counts: Counts) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly worker: Worker;
  ticket: Ticket | undefined;
}

export interface LanesOptions {
  readonly directory: string;
  readonly lanes: number;
  readonly analystLanes: number;
  readonly queue: number;
  readonly logger: Logger;
  readonly engineArguments: readonly string[];
  /** Called when a lane dies: the engine is in an unknown state then. */
  readonly onDeath: (error: unknown) => void;
}

const cancelledError = (): ClickHouseError =>
  new ClickHouseError(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled: the client went away');

/** How long between two attempts to kill a statement whose client has gone (it may not have begun yet). */
const killEveryMs = 250;

/** The lanes in which statements run, and the bounded queue before them. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes: Lane[] = [];
  readonly #queue: Ticket[] = [];
  #control: Connection | undefined;
  #controlTail: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #stopping = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#lanes.filter((lane) => lane.ticket).length;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Opens the engine and the lanes. Returns the version of the engine. */
  async start(): Promise<{ version: string; timezone: string }> {
    this.#control = openConnection(this.#options.directory, this.#options.engineArguments);
    const answer = await this.#control.run('SELECT version(), timezone()', 'TSV');
    const [version = '', timezone = 'UTC'] = answer.bytes.toString().trim().split('\t');
    // The first lane is enough to begin; the others come while it works.
    await this.#openLane();
    for (let lane = 1; lane < this.#options.lanes; lane += 1) {
      this.#openLane().then(() => this.#next(), this.#options.onDeath);
    }
    return { version, timezone };
  }

  /** Waits for what runs, for at most `withinMs`, then kills it. */
  async stop(withinMs = 15_000): Promise<void> {
    this.#stopping = true;
    for (const ticket of this.#queue.splice(0)) ticket.reject(cancelledError());
    const deadline = performance.now() + withinMs;
    while (this.running > 0) {
      if (performance.now() > deadline)
        for (const lane of this.#lanes) if (lane.ticket) this.#kill(lane, lane.ticket);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.#controlTail;
  }

  /**
   * Runs a statement when a lane is free.
   *
   * @throws ClickHouseError 202 (TOO_MANY_SIMULTANEOUS_QUERIES) when the queue is full; whatever the engine says.
   */
  run({ prepare, ...work }: Work, options: WorkOptions): Promise<Counts> {
    const full = this.#queue.length >= this.#options.queue && !this.#freeLane(work.right);
    if (full || this.#stopping) {
      const why = this.#stopping ? 'the server is stopping' : `${this.#options.queue} are waiting already`;
      return Promise.reject(
        new ClickHouseError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `Too many simultaneous queries: ${why}`),
      );
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Counts>((resolve, reject) => {
      const job: Job = { ...work, id, preparation: prepare(this.#mark(id)) };
      const ticket: Ticket = { job, options, resolve, reject };
      options.signal.addEventListener('abort', () => this.#abort(ticket), { once: true });
      this.#queue.push(ticket);
      this.#next();
    });
  }

  #mark(id: number): string {
    return `front-${process.pid}-${id}`;
  }

  async #openLane(): Promise<void> {
    const worker = new Worker(new URL('./lane.ts', import.meta.url), {
      workerData: { directory: this.#options.directory },
      // The addon's threads need no more, and idle lanes should cost little.
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    const lane: Lane = { worker, ticket: undefined };
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`lane ended with ${code}`)));
      worker.on('message', (message: FromLane) => {
        if (message.type === 'ready') resolve();
        else this.#receive(lane, message);
      });
    });
    worker.on('error', this.#options.onDeath);
    worker.on('exit', (code) => this.#options.onDeath(new Error(`lane ended with ${code}`)));
    this.#lanes.push(lane);
  }

  #freeLane(right: Job['right']): Lane | undefined {
    const byAnalysts = this.#lanes.filter((lane) => lane.ticket?.job.right === 'analyst').length;
    if (right === 'analyst' && byAnalysts >= this.#options.analystLanes) return undefined;
    return this.#lanes.find((lane) => !lane.ticket);
  }

  /** Gives waiting statements to free lanes, the oldest first; an analyst's does not hold up those behind it. */
  #next(): void {
    for (const ticket of [...this.#queue]) {
      const lane = this.#freeLane(ticket.job.right);
      if (!lane) continue;
      this.#queue.splice(this.#queue.indexOf(ticket), 1);
      lane.ticket = ticket;
      this.#post(lane, { type: 'job', job: ticket.job });
    }
  }

  #post(lane: Lane, message: ToLane): void {
    lane.worker.postMessage(message);
  }

  #receive(lane: Lane, message: Exclude<FromLane, { type: 'ready' }>): void {
    const ticket = lane.ticket;
    if (!ticket || ticket.job.id !== message.id) return;
    if (message.type === 'chunk') {
      const { buffer, byteOffset, length } = message.bytes;
      ticket.options.onChunk(Buffer.from(buffer, byteOffset, length)).then(
        () => this.#post(lane, { type: 'more', id: message.id }),
        () => this.#abort(ticket),
      );
      return;
    }
    lane.ticket = undefined;
    if (message.type === 'done') ticket.resolve(message.counts);
    else ticket.reject(new ClickHouseError(message.code, message.name, message.message));
    this.#next();
  }

  #abort(ticket: Ticket): void {
    const at = this.#queue.indexOf(ticket);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      ticket.reject(cancelledError());
    }
    const lane = this.#lanes.find((candidate) => candidate.ticket === ticket);
    if (lane) this.#kill(lane, ticket);
  }

  #kill(lane: Lane, ticket: Ticket): void {
    if (lane.ticket !== ticket) return;
    this.#post(lane, { type: 'cancel', id: ticket.job.id });
    const sql = `KILL QUERY WHERE Settings['log_comment'] = '${this.#mark(ticket.job.id)}' ASYNC`;
    this.#controlTail = this.#controlTail
      .then(() => this.#control?.run(sql))
      .catch((error) => this.#options.logger.warn({ err: error }, 'kill of a statement failed'));
    setTimeout(() => this.#kill(lane, ticket), killEveryMs).unref();
  }
}
