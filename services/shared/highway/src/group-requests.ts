import heartbeatRequestV3 from 'kafkajs/src/protocol/requests/heartbeat/v3/request.js';
import heartbeatResponseV3 from 'kafkajs/src/protocol/requests/heartbeat/v3/response.js';
import joinGroupRequestV5 from 'kafkajs/src/protocol/requests/joinGroup/v5/request.js';
import joinGroupResponseV5 from 'kafkajs/src/protocol/requests/joinGroup/v5/response.js';
import type { JoinedGroup, WireExchange } from './kafkajs-types.ts';

interface JoinOptions {
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly memberId: string;
  readonly groupInstanceId: string;
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

/** JoinGroup v5 under a name that outlives the process: who comes back under it takes its own place again at once. */
export function joinAsInstance(options: JoinOptions): WireExchange<JoinedGroup> {
  return {
    request: joinGroupRequestV5({ ...options, protocolType: 'consumer' }),
    response: joinGroupResponseV5,
    // The coordinator answers when all members have come, or at the end of this time.
    requestTimeout: options.rebalanceTimeout + 5_000,
  };
}

/** Heartbeat v3: tells one who was replaced under its own name from one who was forgotten. */
export function heartbeatAsInstance(options: {
  readonly groupId: string;
  readonly groupGenerationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string;
}): WireExchange<unknown> {
  return { request: heartbeatRequestV3(options), response: heartbeatResponseV3 };
}
