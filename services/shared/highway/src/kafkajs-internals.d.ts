/** Types for the inner modules of kafkajs 2.2.4 (pinned) that publisher, group members and tests stand on. */

declare module 'kafkajs/src/cluster/index.js' {
  import type { KafkajsCluster } from './kafkajs-types.ts';

  const Cluster: new (options: Record<string, unknown>) => KafkajsCluster;
  export default Cluster;
}

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: {
    createLogger(options: { level: number; logCreator: unknown }): unknown;
  };
  export default loggers;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: {
    prototype: {
      throttleCheckTimeoutId: NodeJS.Timeout | null;
      pending: unknown[];
      throttledUntil: number;
      checkPendingRequests(): void;
      scheduleCheckPendingRequests(): void;
    };
  };
  export default RequestQueue;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  export default function socketFactory(): unknown;
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: { createErrorFromCode(code: number): Error & { type: string; retriable: boolean } };
  export default errors;
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/request.js' {
  import type { WireRequest } from './kafkajs-types.ts';

  export default function fetchRequest(options: Record<string, unknown>): WireRequest;
}

declare module 'kafkajs/src/protocol/requests/heartbeat/v3/request.js' {
  import type { WireRequest } from './kafkajs-types.ts';

  export default function heartbeatRequest(options: object): WireRequest;
}

declare module 'kafkajs/src/protocol/requests/heartbeat/v3/response.js' {
  import type { WireExchange } from './kafkajs-types.ts';

  const response: WireExchange<unknown>['response'];
  export default response;
}

declare module 'kafkajs/src/protocol/requests/joinGroup/v5/request.js' {
  import type { WireRequest } from './kafkajs-types.ts';

  export default function joinGroupRequest(options: object): WireRequest;
}

declare module 'kafkajs/src/protocol/requests/joinGroup/v5/response.js' {
  import type { JoinedGroup, WireExchange } from './kafkajs-types.ts';

  const response: WireExchange<JoinedGroup>['response'];
  export default response;
}

declare module 'kafkajs/src/protocol/requests/produce/v6/response.js' {
  const response: {
    decode(raw: Buffer): Promise<{
      topics: {
        topicName: string;
        partitions: { partition: number; errorCode: number; baseOffset: string }[];
      }[];
      clientSideThrottleTime: number;
    }>;
  };
  export default response;
}

declare module 'kafkajs/src/producer/partitioners/default/murmur2.js' {
  export default function murmur2(key: Buffer): number;
}

declare module 'kafkajs/src/protocol/recordBatch/v0/index.js' {
  interface EncodedRecord {
    readonly buffer: Buffer;
  }
  const batch: {
    RecordBatch(options: Record<string, unknown>): Promise<EncodedRecord>;
  };
  export default batch;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  export default function record(options: Record<string, unknown>): { readonly buffer: Buffer };
}
