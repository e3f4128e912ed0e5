import { Worker } from 'node:worker_threads';
import type { Logger } from '@zhongtai/runtime';
import { type Connection, openConnection } from './engine.ts';
import { busy, ClickHouseError } from './exceptions.ts';
import type { Counts, FromLane, Job, ToLane } from './lane-protocol.ts';
import { Queue, type QueueLimits, type Waiting } from './queue.ts';
import type { Right } from './sandbox.ts';

/** A job without its number, and who waits for it. */
export type Work = Omit<Job, 'id' | 'preparation'> & {
  /** Built when the number is known, which marks the running statement. */
  readonly prepare: (mark: string) => string[];
  /** How long it may hold its lane, also while its client takes nothing: the engine counts its own work only. */
  readonly wallMs?: number | undefined;
};

export interface WorkOptions {
  /** Takes one piece of the result; the next one is asked for when it resolves. */
  readonly onChunk: (bytes: Buffer) => Promise<void>;
  readonly signal: AbortSignal;
}

interface Ticket extends Waiting {
  readonly job: Job;
  readonly options: WorkOptions;
  readonly wallMs: number | undefined;
  readonly resolve: (counts: Counts) => void;
  /** Ends it when it holds its lane for too long. */
  wall?: NodeJS.Timeout;
  /** Why we ended it, when we did. */
  verdict?: ClickHouseError;
}

interface Lane {
  readonly worker: Worker;
  ticket: Ticket | undefined;
}

export interface LanesOptions {
  readonly directory: string;
  readonly lanes: number;
  readonly analystLanes: number;
  readonly queue: QueueLimits;
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
  readonly #queue: Queue<Ticket>;
  #control: Connection | undefined;
  #controlTail: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #stopping = false;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#queue = new Queue(options.queue);
  }

  get running(): number {
    return this.#lanes.filter((lane) => lane.ticket).length;
  }

  waiting(right: Right): number {
    return this.#queue.count(right);
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
    this.#queue.empty(cancelledError());
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
  async run({ prepare, wallMs, ...work }: Work, options: WorkOptions): Promise<Counts> {
    if (this.#stopping) throw busy('the server is stopping');
    if (!this.#freeLane(work.right)) this.#queue.checkRoom(work.right);
    this.#lastId += 1;
    const id = this.#lastId;
    const job: Job = { ...work, id, preparation: prepare(this.#mark(id)) };
    return new Promise<Counts>((resolve, reject) => {
      const ticket: Ticket = { job, right: work.right, options, wallMs, resolve, reject };
      options.signal.addEventListener('abort', () => this.#end(ticket, cancelledError()), { once: true });
      this.#queue.add(ticket);
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

  #freeLane(right: Right): Lane | undefined {
    const byAnalysts = this.#lanes.filter((lane) => lane.ticket?.job.right === 'analyst').length;
    if (right === 'analyst' && byAnalysts >= this.#options.analystLanes) return undefined;
    return this.#lanes.find((lane) => !lane.ticket);
  }

  /** Gives waiting statements to free lanes, the oldest first; an analyst's does not hold up those behind it. */
  #next(): void {
    for (;;) {
      const ticket = this.#queue.takeFirst((right) => this.#freeLane(right) !== undefined);
      const lane = ticket && this.#freeLane(ticket.right);
      if (!ticket || !lane) return;
      lane.ticket = ticket;
      this.#post(lane, { type: 'job', job: ticket.job });
      this.#limit(ticket);
    }
  }

  #limit(ticket: Ticket): void {
    if (ticket.wallMs === undefined) return;
    const message = `Timeout exceeded: the answer was not taken within ${ticket.wallMs / 1000} s`;
    const verdict = new ClickHouseError(159, 'TIMEOUT_EXCEEDED', message);
    ticket.wall = setTimeout(() => this.#end(ticket, verdict), ticket.wallMs);
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
        () => this.#end(ticket, cancelledError()),
      );
      return;
    }
    lane.ticket = undefined;
    clearTimeout(ticket.wall);
    if (message.type === 'done') ticket.resolve(message.counts);
    else ticket.reject(ticket.verdict ?? new ClickHouseError(message.code, message.name, message.message));
    this.#next();
  }

  #end(ticket: Ticket, why: ClickHouseError): void {
    ticket.verdict ??= why;
    if (this.#queue.remove(ticket)) ticket.reject(why);
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
