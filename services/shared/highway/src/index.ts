export type { Contract, RecordRef, TopicRef } from './catalogue.ts';
export type { AvroType, Codec, Decoded, WriterSchema } from './codec-types.ts';
export { createHighway } from './create-highway.ts';
export type { DeadLetter, DeadLetters, Seal, Sealed } from './dead-letter-types.ts';
export { HighwayError, type HighwayErrorCode, highwayErrors } from './errors.ts';
export type { Admin, Highway, HighwayOptions, PartitionEnds } from './highway-types.ts';
export type { OutMessage, Publisher, PublisherLimits, Stored } from './publisher-types.ts';
export type { KafkaSecurity } from './security.ts';
export type {
  InternalTopic,
  LogPage,
  LogReader,
  OutRecord,
  StreamLog,
  TaskGroup,
  TaskGroupOptions,
  TransactionalProducer,
} from './stream-log/types.ts';
export type {
  Assignment,
  CommitPosition,
  Committed,
  OwnerOptions,
  PartitionOwner,
  Place,
  RawBatch,
  RawRecord,
  Received,
  SubscribeOptions,
  Subscription,
} from './subscription-types.ts';
