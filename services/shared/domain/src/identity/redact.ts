/**
 * What is taken out of free text beside e-mail addresses, most specific first. Every repetition has an end: a
 * pattern without one tries each place of a long text against all that follows it, and one hostile search would
 * hold the process for seconds.
 */
const contacts: readonly (readonly [pattern: RegExp, mark: string])[] = [
  [/(?<![0-9A-Za-z])U[0-9a-f]{32}(?![0-9A-Za-z])/g, '[line_id]'],
  [/(?<![0-9A-Za-z])[A-Z][1289]\d{8}(?!\d)/gi, '[national_id]'],
  [/(?<!\d|\d\.|\+)\+\d(?:[\s().+/_‐-―−-]{0,2}\d){7,14}(?!\d)/g, '[phone]'],
  [/(?<!\d|\d\.)(?:00)?886[\s+/_‐-―−-]?\(?0?\)?[2-9](?:[\s().+/_‐-―−-]{0,2}\d){7,8}(?!\d)/g, '[phone]'],
  [/(?<!\d|\d\.)\(?09(?:[\s().+/_‐-―−-]{0,2}\d){8}(?!\d)/g, '[phone]'],
  [/(?<!\d|\d\.)\(?0[2-8]\)?(?:[\s.+/_‐-―−-]{0,2}\d){7,8}(?!\d)/g, '[phone]'],
];
const mailDomain = /@[^\s@<>"'(),;:./?&=]{1,63}(?:\.[^\s@<>"'(),;:./?&=]{1,63}){1,8}/g;
const mailLocalEnd = /[\s@<>"'(),;:/?&=]/;
const longestMailLocal = 64;

/**
 * Unicode sorts the marks over a letter, and a run of thousands takes quadratic time; no writing has more than 30
 * in a row (the stream-safe form of UAX 15). The two half-width sound marks become such marks by NFKC.
 */
const tooManyMarks = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;
/** Single letters that stand for a whole Arabic sentence: folding makes 18 of one, and no contact begins there. */
const butLigatures = /[^\ufdf0-\ufdfc]+/g;
/** Zero-width spaces, soft hyphens, marks of direction. */
const invisible = /\p{Cf}+/gu;
const isAscii = /^[\0-\x7f]*$/;
const percentEncoded = /(?:%[0-9a-f]{2})+/gi;
/** A link within a link is encoded twice; deeper nesting is nobody's habit. */
const decodings = 3;

/**
 * Masks contact addresses in text that people typed, such as a search, or that quotes them, such as a path: also
 * where they are percent-encoded (the decoded text is then what is kept). Numbers that cannot be a phone (a
 * barcode, a price) stay. A mask is not a proof: free text keeps its sensitive class all the same.
 */
export function redactText(text: string): string {
  const seen = decoded(folded(text));
  let masked = maskMails(seen);
  for (const [pattern, mark] of contacts) masked = masked.replace(pattern, mark);
  return masked === seen ? text : masked;
}

/**
 * A page's address without its query string and fragment, in which forms, log-ins and trackers put whatever they
 * know about a person; what remains is masked as any text.
 */
export function redactPageAddress(address: string): string {
  const end = address.search(/[?#]/);
  return redactText(end < 0 ? address : address.slice(0, end));
}

/** Found by its domain, then read backwards: to try every letter as the beginning of an address takes far longer. */
function maskMails(text: string): string {
  let masked = '';
  let done = 0;
  for (const { 0: domain, index } of text.matchAll(mailDomain)) {
    let start = index;
    const limit = Math.max(done, index - longestMailLocal);
    while (start > limit && !mailLocalEnd.test(text.charAt(start - 1))) start -= 1;
    if (start === index) continue;
    masked += `${text.slice(done, start)}[email]`;
    done = index + domain.length;
  }
  return done === 0 ? text : masked + text.slice(done);
}

function folded(text: string): string {
  if (isAscii.test(text)) return text;
  const visible = text.replace(invisible, '');
  return visible.replace(butLigatures, (part) => part.replace(tooManyMarks, '$1').normalize('NFKC'));
}

function decoded(text: string): string {
  let current = text;
  for (let round = 0; round < decodings && current.includes('%'); round += 1) {
    const next = current.replace(percentEncoded, (bytes) =>
      Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
    );
    if (next === current) break;
    current = folded(next);
  }
  return current;
}
