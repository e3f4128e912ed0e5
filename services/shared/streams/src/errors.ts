/** What a failure means for the work in hand: set the record aside, try again later, or stop. */
export type Failure = 'bad_record' | 'retryable' | 'fatal';

/**
 * Every error of the engine: code -> what it means for the work in hand. What happened and what to do stands above
 * each; the README's table repeats it.
 */
export const streamsErrors = {
  /** The local copy was written by somebody else meanwhile. The task is lost and opened anew. */
  'ZT-STREAMS-APPLIED-BY-ANOTHER': 'retryable',
  /** An input of a task has no ends. A fault of the caller: every input's bounds must be asked for. */
  'ZT-STREAMS-BOUNDS': 'fatal',
  /** What was to be read next left the log while it was read. The task is opened anew. */
  'ZT-STREAMS-CHANGELOG-MOVED': 'retryable',
  /** A task was cut or applied out of turn. A fault of the engine. */
  'ZT-STREAMS-CUT': 'fatal',
  /** Another process has this instance's state directory; the message names it. Stop it, or take another name. */
  'ZT-STREAMS-DIRECTORY-LOCKED': 'fatal',
  /** Too little is free on the disk of the local state. Make room and start again; the log has everything. */
  'ZT-STREAMS-DISK-FULL': 'fatal',
  /** The value's event time is no time. Set aside; mend its writer or `eventTimeMs`. */
  'ZT-STREAMS-EVENT-TIME': 'bad_record',
  /** The driver's log refuses a task that has a successor. Tests only. */
  'ZT-STREAMS-FENCED': 'retryable',
  /** Event time lies more than an hour ahead of the time of ingest. Set aside; the sender's clock is wrong. */
  'ZT-STREAMS-FUTURE': 'bad_record',
  /** The task was given up while it was being opened. Nothing to do. */
  'ZT-STREAMS-GIVEN-UP': 'retryable',
  /** A handler threw something without a code. Set aside with its message; mend the handler. */
  'ZT-STREAMS-HANDLER': 'bad_record',
  /** Records of a topic came to a task that does not read it. A fault of the caller. */
  'ZT-STREAMS-INPUT': 'fatal',
  /** A task stands where its input holds no records any more; the message names the place, the bounds and the remedy. */
  'ZT-STREAMS-INPUT-RANGE': 'fatal',
  /** An instance or application name cannot be a directory's. Use letters, digits, dots and dashes. */
  'ZT-STREAMS-INSTANCE-NAME': 'fatal',
  /** The key is not UTF-8 text. Set aside; its writer frames or packs its keys. */
  'ZT-STREAMS-KEY-TEXT': 'bad_record',
  /** A key of more than 1900 bytes cannot be stored. Set aside; choose shorter keys. */
  'ZT-STREAMS-KEY-TOO-LONG': 'bad_record',
  /** The record came beyond the grace. It stands on the late topic with how late it was. */
  'ZT-STREAMS-LATE': 'bad_record',
  /** The record has no key, and its topic is read by key. Set aside; mend its writer. */
  'ZT-STREAMS-NO-KEY': 'bad_record',
  /** A test asks for a store that no topology names. */
  'ZT-STREAMS-NO-STORE': 'fatal',
  /** A task asks for a global table that no topology names. A fault of the engine. */
  'ZT-STREAMS-NO-TABLE': 'fatal',
  /** A topic does not exist; the message names it. Create it and start again. */
  'ZT-STREAMS-NO-TOPIC': 'fatal',
  /** A test's log was asked beyond its end. A fault of the driver. */
  'ZT-STREAMS-OFFSET': 'fatal',
  /** Topics that are joined by key differ in their partition counts; the message names both. */
  'ZT-STREAMS-PARTITIONS': 'fatal',
  /** Too many records of a minute cannot be read or make a handler throw. Mend the deployment, or raise `poisonShare`. */
  'ZT-STREAMS-POISON-RATE': 'fatal',
  /** The position record cannot be read. Somebody else writes that topic; reset the application. */
  'ZT-STREAMS-POSITION': 'fatal',
  /** A value is larger than the log takes. Set aside; store or emit less. */
  'ZT-STREAMS-RECORD-SIZE': 'bad_record',
  /** A change has other segments than the local copy. A fault of the engine: such a copy is rebuilt first. */
  'ZT-STREAMS-SEGMENT-WIDTH': 'fatal',
  /** A store or internal topic holds another form under its name. Give it a new name, or reset. */
  'ZT-STREAMS-SHAPE': 'fatal',
  /** The local copy was closed under a task that is lost. Nothing to do. */
  'ZT-STREAMS-STATE-CLOSED': 'retryable',
  /** The state directory cannot be made or written to; the message names it. Give another, or mend its rights. */
  'ZT-STREAMS-STATE-DIRECTORY': 'fatal',
  /** The engine is stopping. Nothing to do. */
  'ZT-STREAMS-STOPPED': 'retryable',
  /** A timer cannot be due at that time. Set aside; mend the handler. */
  'ZT-STREAMS-TIMER': 'bad_record',
  /** A record without value on a topic that is no table. Set aside; mend its writer. */
  'ZT-STREAMS-TOMBSTONE': 'bad_record',
  /** A topology or application contradicts itself; the message names both things that clash. */
  'ZT-STREAMS-TOPOLOGY': 'fatal',
  /** A handler uses a topic, store or timer that its part does not name. Name it. */
  'ZT-STREAMS-UNKNOWN-NAME': 'fatal',
  /** A time or sequence that a window store cannot hold. Set aside; mend the handler. */
  'ZT-STREAMS-WINDOW-KEY': 'bad_record',
  /** A window store's changelog holds a key that is none. Somebody else writes that topic; reset the application. */
  'ZT-STREAMS-WINDOW-CHANGELOG': 'fatal',
  /** A test's zombie did what it must not be able to do. A hole in the engine. */
  'ZT-STREAMS-ZOMBIE': 'fatal',
} as const satisfies Record<`ZT-STREAMS-${string}`, Failure>;

export type StreamsErrorCode = keyof typeof streamsErrors;

/** Every error that the engine throws on purpose. Told by its shape, so that it is known across packages. */
export class StreamsError extends Error {
  override readonly name = 'StreamsError';
  readonly code: StreamsErrorCode;
  readonly failure: Failure;

  constructor(code: StreamsErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.failure = streamsErrors[code];
  }
}

/** What a thrown thing says of itself; what says nothing is a fault of the record that caused it. */
export function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null || !('failure' in error)) return 'bad_record';
  return error.failure === 'retryable' || error.failure === 'fatal' ? error.failure : 'bad_record';
}

/** The stable code of a thrown thing, when it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
