/** Names of fields whose values never reach a log line. */
export const hiddenNames: ReadonlySet<string> = new Set([
  'authorization',
  'password',
  'secret',
  'id_value',
  'key',
  'phone',
  'email',
]);
export const censor = '[redacted]';

/**
 * A copy in which no field of a name that holds secrets or clear identifiers shows its value, at any depth.
 * What prints itself (`toJSON`) and bytes are left as they are; a circle is cut.
 */
export function redacted<T extends object>(fields: T): Record<string, unknown> {
  return copyOf(fields, []);
}

function copyOf(object: object, above: readonly object[]): Record<string, unknown> {
  const within = [...above, object];
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      hiddenNames.has(name.toLowerCase()) ? censor : shown(value, within),
    ]),
  );
}

function shown(value: unknown, above: readonly object[]): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || 'toJSON' in value)
    return value;
  if (above.includes(value)) return '[circular]';
  return Array.isArray(value) ? value.map((item) => shown(item, [...above, value])) : copyOf(value, above);
}
