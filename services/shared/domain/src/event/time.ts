const ISO =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Milliseconds since 1970 of an ISO 8601 time with a zone; undefined when it is none. A time without a zone is
 * none (the sender's and the platform's zones differ), nor is a day that no calendar has (30 February), which
 * `Date.parse` would move into March. Digits beyond milliseconds are dropped.
 */
export function parseTime(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const asIfUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asIfUtc) || new Date(asIfUtc).getUTCDate() !== Number(day)) return undefined;
  if (zone === 'Z') return asIfUtc;
  const offsetMinutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return asIfUtc - (zone.startsWith('-') ? -1 : 1) * offsetMinutes * 60_000;
}
