import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { chooseEncoding, createEncoder } from './compression.ts';
import { type ClickHouseError, exceptionText, statusOf } from './exceptions.ts';
import type { Counts } from './lane-protocol.ts';

const contentTypes: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  TSV: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNames: 'text/tab-separated-values; charset=UTF-8',
  XML: 'application/xml; charset=UTF-8',
  Pretty: 'text/plain; charset=UTF-8',
  PrettyCompact: 'text/plain; charset=UTF-8',
};

/** X-ClickHouse-Summary, in which every number is a string. The engine does not tell how many rows a query gave. */
export function summaryOf(counts: Counts, resultBytes: number): string {
  return JSON.stringify({
    read_rows: String(counts.rowsRead),
    read_bytes: String(counts.bytesRead),
    written_rows: String(counts.rowsWritten),
    written_bytes: String(counts.bytesWritten),
    total_rows_to_read: '0',
    ...(counts.rowsWritten > 0 ? { result_rows: String(counts.rowsWritten) } : {}),
    result_bytes: String(resultBytes),
    elapsed_ns: String(Math.round(counts.elapsedSeconds * 1e9)),
  });
}

export interface AnswerOptions {
  readonly queryId: string;
  readonly acceptEncoding: string | undefined;
  readonly compression: string | null;
  readonly version: string;
  readonly timezone: string;
  /** How long a client may take nothing before its connection is cut. */
  readonly sendMs: number;
}

/** Writes one answer: headers when the first bytes come, then chunks no faster than the client reads them. */
export class Answer {
  readonly #response: ServerResponse;
  readonly #options: AnswerOptions;
  readonly #tag = randomBytes(16).toString('base64url').replaceAll(/[-_]/g, 'x').slice(0, 16);
  #encoder: Transform | undefined;
  #bytes = 0;

  constructor(response: ServerResponse, options: AnswerOptions) {
    this.#response = response;
    this.#options = options;
    response.setHeader('X-ClickHouse-Server-Display-Name', 'zhongtai');
    response.setHeader('X-ClickHouse-Query-Id', options.queryId);
    response.setHeader('X-ClickHouse-Timezone', options.timezone);
    response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sends the headers; later calls do nothing. */
  start(format: string | undefined, counts: Counts): void {
    if (this.#response.headersSent) return;
    this.#response.statusCode = 200;
    if (format !== undefined) {
      this.#response.setHeader('X-ClickHouse-Format', format);
      this.#response.setHeader('Content-Type', contentTypes[format] ?? 'application/octet-stream');
    }
    this.#response.setHeader('X-ClickHouse-Summary', summaryOf(counts, this.#bytes));
    const encoding = chooseEncoding(this.#options.acceptEncoding, this.#options.compression);
    if (encoding && format !== undefined) {
      this.#response.setHeader('Content-Encoding', encoding);
      this.#encoder = createEncoder(encoding);
      this.#encoder.pipe(this.#response);
    }
    this.#response.writeHead(200);
  }

  async write(bytes: Buffer): Promise<void> {
    this.#bytes += bytes.length;
    const sink = this.#encoder ?? this.#response;
    if (this.#response.destroyed) throw new Error('the client went away');
    if (sink.write(bytes)) return;
    // Nobody listens to this time-out, so the connection is cut; between chunks the engine has all its time.
    this.#response.setTimeout(this.#options.sendMs);
    const waited = new AbortController();
    const { signal } = waited;
    // Whichever comes first; the loser's listener must not stay behind for each chunk of a long result.
    await Promise.race([once(sink, 'drain', { signal }), once(this.#response, 'close', { signal })]).finally(
      () => {
        waited.abort();
        this.#response.setTimeout(0);
      },
    );
  }

  end(): void {
    this.#response.setTimeout(this.#options.sendMs);
    (this.#encoder ?? this.#response).end();
  }

  /**
   * Tells the error: as a response of its own, or, when part of the result is out already, by the block that
   * ClickHouse writes behind the data, named by the tag in the headers.
   */
  fail(error: ClickHouseError): void {
    const text = exceptionText(error, this.#options.version);
    this.#response.setTimeout(this.#options.sendMs);
    if (!this.#response.headersSent) {
      this.#response.statusCode = statusOf(error.code);
      this.#response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
      this.#response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
      if (error.code === 202) this.#response.setHeader('Retry-After', '1');
      if (error.code === 194)
        this.#response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
      this.#response.end(text);
      return;
    }
    const mark = '__exception__';
    const length = Buffer.byteLength(text);
    const block = `\r\n${mark}\r\n${this.#tag}\r\n${text}${length} ${this.#tag}\r\n${mark}\r\n`;
    (this.#encoder ?? this.#response).end(block);
  }
}
