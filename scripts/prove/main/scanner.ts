/** Where a clear identifier was found. The value itself is not repeated in full. */
export interface Finding {
  readonly where: string;
  readonly what: string;
  readonly kind: 'planted' | 'pattern';
}

/** Longest text that a rule matches; streams keep this much of the last piece. */
export const longestMatch = 128;

const candidates =
  /(?<!\d)(?:\+886|886|0)9\d{8}(?!\d)|09\d\d-\d{3}-\d{3}|[\w.+-]+(?:@|%40)[\w-]+\.[a-z][a-z.]+|U[0-9a-f]{32}|MBR\d{9}/gi;
const patterns = [
  { what: 'a phone', is: /^(?:\+886|886|0)9\d{8}$|^09\d\d-\d{3}-\d{3}$/ },
  { what: 'an e-mail address', is: /^[\w.+-]{2,}(?:@|%40)[\w-]{3,}\.[a-z]{2,}/i },
  { what: 'a LINE id', is: /^U[0-9a-f]{32}$/ },
];

/** One form for all ways of writing a planted value. */
export function needleOf(value: string): string {
  const plain = value.toLowerCase().replace('%40', '@');
  const digits = plain.replace(/[\s-]/g, '').replace(/^\+?886/, '0');
  return /^09\d{8}$/.test(digits) ? digits : plain;
}

/**
 * Looks for clear identifiers: the planted ones wherever they stand, and whatever stands alone and looks like a
 * phone, an e-mail address or a LINE id.
 */
export function createScanner(planted: Iterable<string>): {
  scan(text: string, where: string): void;
  readonly findings: readonly Finding[];
  readonly scanned: number;
} {
  const needles = new Set([...planted].map(needleOf));
  const findings: Finding[] = [];
  let scanned = 0;

  function judge(text: string, match: RegExpExecArray, where: string): Finding | undefined {
    const [value] = match;
    const shown = `${value.slice(0, 4)}… (${value.length} characters)`;
    if (needles.has(needleOf(value))) return { where, what: shown, kind: 'planted' };
    const before = text.slice(Math.max(match.index - 1, 0), match.index);
    const after = text.slice(match.index + value.length, match.index + value.length + 1);
    if (/[\w-]/.test(before) || /[\w-]/.test(after)) return undefined;
    const known = patterns.find(({ is }) => is.test(value));
    return known === undefined ? undefined : { where, what: `${known.what}: ${shown}`, kind: 'pattern' };
  }

  return {
    findings,
    get scanned() {
      return scanned;
    },
    scan(text, where) {
      scanned += text.length;
      for (const match of text.matchAll(candidates)) {
        const found = judge(text, match, where);
        if (found !== undefined && findings.length < 100) findings.push(found);
      }
    },
  };
}
