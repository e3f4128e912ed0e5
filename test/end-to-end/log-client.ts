import type { GroupOptions, LogReader, TaskGroup, TransactionalProducer } from '@zhongtai/streams';

/** What the contract asks of a client of the log, by whatever library it is made. */
export interface LogClient {
  createReader(): LogReader;
  createProducer(transactionalId: string): TransactionalProducer;
  createGroup(options: GroupOptions): TaskGroup;
  close(): Promise<void>;
}

export interface ClientUnderTest {
  readonly name: string;
  open(brokers: string): LogClient;
  /** Absolute path of a module that exports the same `open`, for processes that are killed. */
  readonly module: string;
}
