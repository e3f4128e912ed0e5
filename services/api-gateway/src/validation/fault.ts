import type { RefusalCode } from '../errors.ts';

/**
 * The one thing wrong with a record, with the way to it. A check that fails raises it and returns; each level
 * above adds its own name to the way. A valid record costs nothing: no path is built, nothing is thrown.
 */
export class Fault {
  raised = false;
  code: RefusalCode = 'ZT-GATEWAY-TYPE';
  message = '';
  #segments: string[] = [];

  raise(code: RefusalCode, message: string): undefined {
    this.raised = true;
    this.code = code;
    this.message = message;
    this.#segments = [];
  }

  /** Says that what was raised lies under this field or index. */
  under(segment: string | number): undefined {
    this.#segments.push(String(segment));
  }

  reset(): void {
    this.raised = false;
  }

  /** The way as a JSON pointer (RFC 6901): `/lines/0/qty`; '' is the record itself. */
  get path(): string {
    return this.#segments
      .toReversed()
      .map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('');
  }
}
