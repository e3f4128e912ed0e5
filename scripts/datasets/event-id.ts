import { hash } from 'node:crypto';

const VARIANT = '89ab';

/**
 * The event_id of a business key: UUID version 8 over SHA-256. The same key gives the same id on every machine,
 * so sending a data set again makes repeats, never new events.
 */
export function eventIdOf(businessKey: string): string {
  const digest = hash('sha256', businessKey, 'hex');
  const variant = VARIANT[Number.parseInt(digest.charAt(16), 16) & 3] ?? '8';
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
