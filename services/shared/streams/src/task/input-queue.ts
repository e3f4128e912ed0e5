import { failureOf, StreamsError } from '../errors.ts';
import type { LogPage, LogRecord } from '../log-port.ts';
import type { AnyTopic, InputRecord } from '../topology/types.ts';

type Page = LogPage & { readonly highWatermark: number };

const NO_BYTES = Buffer.alloc(0);
const REPLACEMENT = '\uFFFD';

/** The record at the head of an input. One object serves all records of the input, one after the other. */
export class HeadRecord implements InputRecord<unknown> {
  readonly topic: string;
  readonly partition: number;
  offset = -1;
  ingestTimeMs = 0;
  raw: LogRecord;
  readonly #definition: AnyTopic;
  #key: string | undefined;
  #value: unknown;
  #isDecoded = false;
  #eventTimeMs: number | undefined;

  constructor(topic: string, partition: number, definition: AnyTopic, raw: LogRecord) {
    this.topic = topic;
    this.partition = partition;
    this.#definition = definition;
    this.raw = raw;
  }

  load(raw: LogRecord): void {
    this.raw = raw;
    this.offset = raw.offset;
    this.ingestTimeMs = raw.timestampMs;
    this.#key = undefined;
    this.#value = undefined;
    this.#isDecoded = false;
    this.#eventTimeMs = undefined;
  }

  get key(): string {
    this.#key ??= keyText(this.raw.key);
    return this.#key;
  }

  /** The key as bytes, when `key` is this record's: to spare the encoding. */
  bytesOfKey(key: string): Buffer | null {
    return key === this.#key ? this.raw.key : null;
  }

  /** The record's own bytes, when `value` is its value and would be written in the same form. */
  bytesOfValue(serde: unknown, value: unknown): Buffer | null {
    return this.#isDecoded && value === this.#value && serde === this.#definition.serde
      ? this.raw.value
      : null;
  }

  get value(): unknown {
    if (!this.#isDecoded) {
      this.#value = this.raw.value === null ? null : this.#definition.serde.decode(this.raw.value);
      this.#isDecoded = true;
    }
    return this.#value;
  }

  get bytes(): Buffer {
    return this.raw.value ?? NO_BYTES;
  }

  get headers(): Readonly<Record<string, Buffer>> {
    return this.raw.headers;
  }

  /** @throws when the value cannot be decoded, or says no time. */
  get eventTimeMs(): number {
    this.#eventTimeMs ??= this.#readEventTime();
    return this.#eventTimeMs;
  }

  /** For dead letters: null where it cannot be read. */
  get knownEventTimeMs(): number | null {
    try {
      return this.eventTimeMs;
    } catch {
      return null;
    }
  }

  #readEventTime(): number {
    const { eventTimeMs } = this.#definition;
    if (eventTimeMs === undefined || this.raw.value === null) return this.ingestTimeMs;
    const time = eventTimeMs(this.value);
    if (Number.isFinite(time)) return time;
    throw new StreamsError('ZT-STREAMS-EVENT-TIME', `the value says no event time: ${time}`);
  }
}

/** What was fetched of one input and is not worked yet. */
export class InputQueue {
  readonly topic: string;
  readonly head: HeadRecord;
  waitingBytes = 0;
  /** Where reading goes on, counting what has been worked. */
  position: number;
  /** Where the next page begins. */
  #fetched: number;
  #highWatermark: number;
  #pages: Page[] = [];
  #page: Page | undefined;
  #next = 0;
  #isLoaded = false;
  #headTimeMs = 0;

  constructor(topic: string, partition: number, definition: AnyTopic, position: number, end: number) {
    this.topic = topic;
    this.position = position;
    this.#fetched = position;
    this.#highWatermark = end;
    this.head = new HeadRecord(topic, partition, definition, NO_RECORD);
  }

  receive(page: Page): void {
    this.#highWatermark = page.highWatermark;
    if (page.nextOffset <= this.#fetched) return;
    // A batch is fetched whole, also when the offset asked for lies in its midst.
    const skipped = page.records.findIndex(({ offset }) => offset >= this.#fetched);
    const records = skipped > 0 ? page.records.slice(skipped) : skipped < 0 ? [] : page.records;
    this.#fetched = page.nextOffset;
    if (records.length === 0 && this.#page === undefined) {
      this.position = page.nextOffset;
      return;
    }
    for (const record of records) this.waitingBytes += sizeOf(record);
    const kept = { records, nextOffset: page.nextOffset, highWatermark: page.highWatermark };
    if (this.#page === undefined) this.#page = kept;
    else this.#pages.push(kept);
  }

  /** As far as the last fetch knew. */
  get isAtEnd(): boolean {
    return this.#fetched >= this.#highWatermark;
  }

  get isEmpty(): boolean {
    return this.#page?.records[this.#next] === undefined;
  }

  /** Makes the next record the head; false when there is none. */
  load(): boolean {
    if (this.#isLoaded) return true;
    const raw = this.#page?.records[this.#next];
    if (raw === undefined) return false;
    this.head.load(raw);
    this.#isLoaded = true;
    return true;
  }

  /** As `load`, and learns when the head's fact happened, for those who choose by it. */
  loadTimed(): boolean {
    if (this.#isLoaded) return true;
    if (!this.load()) return false;
    try {
      this.#headTimeMs = Math.min(this.head.eventTimeMs, this.head.ingestTimeMs);
    } catch (error) {
      if (failureOf(error) !== 'bad_record') {
        this.#isLoaded = false;
        throw error;
      }
      this.#headTimeMs = this.head.ingestTimeMs;
    }
    return true;
  }

  get headTimeMs(): number {
    return this.#headTimeMs;
  }

  /** The head has been worked. */
  advance(): void {
    this.waitingBytes -= sizeOf(this.head.raw);
    this.#isLoaded = false;
    this.position = this.head.offset + 1;
    this.#next += 1;
    while (this.#page !== undefined && this.#next >= this.#page.records.length) {
      this.position = this.#page.nextOffset;
      this.#page = this.#pages.shift();
      this.#next = 0;
    }
  }
}

const NO_RECORD: LogRecord = { offset: -1, timestampMs: 0, key: null, value: null, headers: {} };

function sizeOf({ key, value }: LogRecord): number {
  return (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
}

/** Keys are plain text: two spellings of one key would lie in two partitions. */
function keyText(key: Buffer | null): string {
  if (key === null) return '';
  const text = key.toString('utf8');
  if (text.includes(REPLACEMENT) && !Buffer.from(text).equals(key)) {
    throw new StreamsError('ZT-STREAMS-KEY-TEXT', 'the key is not UTF-8 text');
  }
  return text;
}
