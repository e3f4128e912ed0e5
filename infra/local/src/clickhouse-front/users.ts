import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ClickHouseError } from './exceptions.ts';
import type { Right } from './sandbox.ts';

export interface User {
  readonly name: string;
  readonly right: Right;
  /** SHA-256 of the password. */
  readonly passwordHash: Buffer;
}

export const hashPassword = (password: string): Buffer => createHash('sha256').update(password).digest();

interface Claim {
  readonly name: string;
  readonly password: string;
}

function claimOf(headers: IncomingHttpHeaders, query: URLSearchParams): Claim {
  const basic = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [name = '', ...password] = Buffer.from(basic, 'base64').toString().split(':');
    return { name, password: password.join(':') };
  }
  const name = headers['x-clickhouse-user'] ?? query.get('user') ?? 'default';
  const password = headers['x-clickhouse-key'] ?? query.get('password') ?? '';
  return { name: String(name), password: String(password) };
}

/**
 * Finds out who asks: by basic auth, by the headers X-ClickHouse-User and X-ClickHouse-Key, or by `user` and
 * `password` in the URL. Without any of them it is `default` with an empty password.
 *
 * @throws ClickHouseError 516 (AUTHENTICATION_FAILED), which says the same for a wrong name and password.
 */
export function authenticate(
  users: readonly User[],
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): User {
  const claim = claimOf(headers, query);
  const user = users.find((candidate) => candidate.name === claim.name);
  if (user && timingSafeEqual(user.passwordHash, hashPassword(claim.password))) return user;
  throw new ClickHouseError(
    516,
    'AUTHENTICATION_FAILED',
    `${claim.name || 'default'}: Authentication failed: password is incorrect, or there is no user with such name`,
  );
}
