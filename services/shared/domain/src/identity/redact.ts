/** What is taken out of free text, most specific first. */
const contacts: readonly (readonly [pattern: RegExp, mark: string])[] = [
  [/[^\s@<>"'(),;:]+@[^\s@<>"'(),;:.]+(?:\.[^\s@<>"'(),;:.]+)+/g, '[email]'],
  [/(?<![0-9A-Za-z])U[0-9a-f]{32}(?![0-9A-Za-z])/g, '[line_id]'],
  [/(?<![0-9A-Za-z])[A-Z][1289]\d{8}(?!\d)/gi, '[national_id]'],
  [/(?<![\d.+])\+\d(?:[\s().-]{0,2}\d){7,14}(?!\d)/g, '[phone]'],
  [/(?<![\d.])(?:00)?886[\s-]?\(?0?\)?[2-9](?:[\s().-]{0,2}\d){7,8}(?!\d)/g, '[phone]'],
  [/(?<![\d.])\(?09(?:[\s().-]{0,2}\d){8}(?!\d)/g, '[phone]'],
  [/(?<![\d.])\(?0[2-8]\)?(?:[\s.-]{0,2}\d){7,8}(?!\d)/g, '[phone]'],
];

/**
 * Masks contact addresses in text that people typed, such as a search. Numbers that cannot be a phone (a
 * barcode, a price) stay. A mask is not a proof: free text keeps its sensitive class all the same.
 */
export function redactText(text: string): string {
  const folded = text.normalize('NFKC');
  let masked = folded;
  for (const [pattern, mark] of contacts) masked = masked.replace(pattern, mark);
  return masked === folded ? text : masked;
}
