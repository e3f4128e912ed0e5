import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFailure, type Logger, ZhongtaiError } from '@zhongtai/runtime';
import { type Item, mediaOf, parseEvents } from '../body/parse-events.ts';
import { decompressorFor, readBody } from '../body/read-body.ts';
import { RequestRefused } from '../errors.ts';
import type { AdmittedEvent, Draft } from '../intake/draft.ts';
import type { Store } from '../intake/store.ts';
import type { KeyRing, Sender } from '../keys/keys.ts';
import type { Pressure } from '../load/pressure.ts';
import type { RefusalLog } from '../load/refusal-log.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { type Answer, outcomeAnswer, type RejectedItem, refusalAnswer, sendAnswer } from './answer.ts';

/** What a route makes of the items of a request: events of any source, or reference records of one thing. */
export type Admit = (items: readonly Item[], sender: Sender, now: number) => Draft;

export interface ReceiveOptions {
  readonly keys: KeyRing;
  readonly store: Store;
  readonly pressure: Pressure;
  readonly metrics: GatewayMetrics;
  readonly refusals: RefusalLog;
  readonly logger: Logger;
  readonly clock: () => number;
  readonly maxBodyBytes: number;
  readonly maxEvents: number;
  readonly retryAfterSeconds: number;
  /** True from the moment the process was told to stop. */
  readonly isStopping: () => boolean;
}

/** Takes one request, whatever becomes of it, and answers it. Without `admit` there is nothing at its path. */
export type Receive = (request: IncomingMessage, response: ServerResponse, admit: Admit | undefined) => void;

/** A request with what it came for. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly admit: Admit | undefined;
  /** Counts bytes as under way. */
  readonly onBytes: (count: number) => void;
}

const BEARER = /^Bearer +(\S+)$/i;

/** Events that get in at this load, and what is said about the others. */
interface Admission {
  readonly events: readonly AdmittedEvent[];
  readonly rejected: readonly RejectedItem[];
  readonly late: readonly AdmittedEvent[];
}

function authenticate(request: IncomingMessage, keys: KeyRing): Sender {
  const clearKey = BEARER.exec(request.headers.authorization ?? '')?.[1];
  const sender = clearKey === undefined ? undefined : keys(clearKey);
  if (sender === undefined) throw new RequestRefused('ZT-GATEWAY-UNAUTHORIZED', 'a valid API key is needed');
  return sender;
}

/** By loss class: what may wait is turned away one by one; an event of class P0 turns the request away whole. */
function admitByLoad(draft: Draft, pressure: Pressure): Admission {
  const late = draft.events.filter((event) => !pressure.admits(event.lossClass));
  if (late.length === 0) return { events: draft.events, rejected: draft.refusals, late };
  if (late.some((event) => event.lossClass === 'P0')) {
    throw new RequestRefused('ZT-GATEWAY-BUSY', 'too many bytes are under way: send the whole request again');
  }
  const shed: RejectedItem[] = late.map(({ index }) => ({
    index,
    code: 'ZT-GATEWAY-SHED',
    path: '',
    message: 'the platform is full: send this event again later',
    retryable: true,
  }));
  const rejected = [...draft.refusals, ...shed].sort((a, b) => a.index - b.index);
  const refused = new Set(late);
  return { events: draft.events.filter((event) => !refused.has(event)), rejected, late };
}

/** Status of a request of which nothing was taken. */
function refusedStatus({ rejected, late }: Admission): number {
  if (late.length > 0) return 429;
  return rejected.every((item) => item.code === 'ZT-GATEWAY-SOURCE') ? 403 : 400;
}

export function createReceive(options: ReceiveOptions): Receive {
  const { pressure, metrics, refusals, logger } = options;

  function count(events: readonly AdmittedEvent[], outcome: string): void {
    const bySource = new Map<string, number>();
    for (const { source } of events) bySource.set(source, (bySource.get(source) ?? 0) + 1);
    for (const [source, number] of bySource) metrics.events.inc({ source, outcome }, number);
  }

  function noteRejected({ rejected, late }: Admission, draft: Draft, sender: Sender): void {
    for (const [source, number] of draft.refusedBySource) {
      metrics.events.inc({ source, outcome: 'rejected' }, number);
    }
    count(late, 'shed');
    for (const { code } of rejected) {
      metrics.rejected.inc({ code });
      refusals.note(code, sender.name);
    }
  }

  async function publish(events: readonly AdmittedEvent[], now: number): Promise<void> {
    const started = performance.now();
    try {
      await options.store(events, now);
    } catch (error) {
      count(events, 'failed');
      if (!isFailure(error, 'retryable'))
        logger.error({ err: error, events: events.length }, 'publish failed');
      throw new RequestRefused(
        'ZT-GATEWAY-KAFKA',
        'not acknowledged by Kafka: send the whole request again with the same event_ids',
        { cause: error },
      );
    }
    metrics.publishSeconds.observe((performance.now() - started) / 1000);
    count(events, 'accepted');
  }

  async function take(
    { request, admit, onBytes }: Arrival & { admit: Admit },
    sender: Sender,
  ): Promise<Answer> {
    const media = mediaOf(request.headers['content-type']);
    const body = await readBody(request, options.maxBodyBytes, onBytes);
    const { items } = parseEvents(body, media, options.maxEvents);
    const now = options.clock();
    const draft = admit(items, sender, now);
    try {
      const admission = admitByLoad(draft, pressure);
      noteRejected(admission, draft, sender);
      if (admission.events.length === 0) {
        const status = refusedStatus(admission);
        return outcomeAnswer(
          status,
          0,
          admission.rejected,
          status === 429 ? options.retryAfterSeconds : undefined,
        );
      }
      await publish(admission.events, now);
      return outcomeAnswer(202, admission.events.length, admission.rejected);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      const minted = draft.events.flatMap((event) =>
        event.minted === undefined ? [] : [{ index: event.index, event_id: event.minted }],
      );
      return refuse(error, sender.name, minted);
    }
  }

  function refuse(
    refused: RequestRefused,
    sender: string,
    minted: Parameters<typeof refusalAnswer>[2] = [],
  ): Answer {
    metrics.rejected.inc({ code: refused.code });
    const cause = refused.cause === undefined ? refused.code : causeCode(refused.cause, refused.code);
    refusals.note(cause, sender);
    return refusalAnswer(refused, options.retryAfterSeconds, minted);
  }

  function refuseAny(error: unknown, sender: string): Answer {
    if (error instanceof RequestRefused) return refuse(error, sender);
    logger.error({ err: error }, 'request failed');
    return refuse(
      new RequestRefused('ZT-GATEWAY-INTERNAL', 'a fault of the gateway; nothing was acknowledged'),
      sender,
    );
  }

  async function answer(arrival: Arrival): Promise<Answer> {
    const { request } = arrival;
    let name = '';
    try {
      const { admit } = arrival;
      if (admit === undefined) throw new RequestRefused('ZT-GATEWAY-PATH', 'there is nothing at this path');
      if (request.method !== 'POST') throw new RequestRefused('ZT-GATEWAY-METHOD', 'events are sent by POST');
      const sender = authenticate(request, options.keys);
      name = sender.name;
      if (options.isStopping()) throw new RequestRefused('ZT-GATEWAY-STOPPING', 'the gateway is stopping');
      if (!pressure.admits('P0')) throw new RequestRefused('ZT-GATEWAY-BUSY', 'too many bytes are under way');
      decompressorFor(request);
      return await take({ ...arrival, admit }, sender);
    } catch (error) {
      return refuseAny(error, name);
    }
  }

  return (request, response, admit) => {
    const started = performance.now();
    let held = 0;
    const onBytes = (count: number): void => {
      held += count;
      pressure.add(count);
    };
    void answer({ request, admit, onBytes }).then((result) => {
      pressure.remove(held);
      metrics.requests.inc({ status: String(result.status) });
      metrics.requestSeconds.observe((performance.now() - started) / 1000);
      sendAnswer(response, { ...result, close: options.isStopping() });
      if (!request.complete) dropRest(request);
    });
  };
}

/** How much of a refused body is still read so that the sender sees the answer before the connection ends. */
const REST_BYTES = 16 * 1024 * 1024;
const REST_MS = 2000;

/**
 * Reads the rest of a refused body, so that the connection can be used again; hangs up when it is long or slow. To
 * close at once would reset the connection, and a sender that still writes would never see the answer.
 */
function dropRest(request: IncomingMessage): void {
  let left = REST_BYTES;
  const hangUp = (): void => {
    request.socket.destroy();
  };
  const timer = setTimeout(hangUp, REST_MS).unref();
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) hangUp();
  });
  request.on('error', () => undefined);
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

function causeCode(cause: unknown, fallback: string): string {
  return cause instanceof ZhongtaiError ? cause.code : fallback;
}
