import type { ServerResponse } from 'node:http';
import type { Refusal, RequestRefused } from '../errors.ts';

export interface RejectedItem extends Refusal {
  /** Present when the same event may be sent again as it is, after Retry-After. */
  readonly retryable?: true;
}

/** What a sender gets back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Seconds to wait before sending again. */
  readonly retryAfterSeconds?: number;
  /** The process is stopping: the connection carries no other request. */
  readonly close?: boolean;
}

export function outcomeAnswer(
  status: number,
  accepted: number,
  rejected: readonly RejectedItem[],
  retryAfterSeconds?: number,
): Answer {
  const body =
    rejected.length === 0 ? `{"accepted":${accepted},"rejected":[]}` : JSON.stringify({ accepted, rejected });
  return retryAfterSeconds === undefined ? { status, body } : { status, body, retryAfterSeconds };
}

/** The ids that the gateway gave to events of a refused request, so that a repeat can carry them. */
export interface MintedId {
  readonly index: number;
  readonly event_id: string;
}

export function refusalAnswer(
  refused: RequestRefused,
  retryAfterSeconds: number,
  minted: readonly MintedId[],
): Answer {
  const { status, code, message } = refused;
  const body = JSON.stringify({
    accepted: 0,
    rejected: [],
    code,
    message,
    ...(minted.length > 0 ? { minted } : {}),
  });
  return status === 503 || status === 500 ? { status, body, retryAfterSeconds } : { status, body };
}

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const headers: Record<string, string | number> = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(answer.body),
  };
  if (answer.retryAfterSeconds !== undefined) headers['retry-after'] = answer.retryAfterSeconds;
  if (answer.status === 401) headers['www-authenticate'] = 'Bearer';
  if (answer.status === 405) headers['allow'] = 'POST';
  if (answer.close === true) headers['connection'] = 'close';
  response.writeHead(answer.status, headers);
  response.end(answer.body);
}
