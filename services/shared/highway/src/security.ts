import type { Secret } from '@zhongtai/runtime';

/** How connections to the brokers are secured. Left out: plain, for a broker on the same machine. */
export interface KafkaSecurity {
  /** True trusts the authorities that Node trusts; `ca` is the PEM text of another one. */
  readonly tls?: boolean | { readonly ca: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: Secret;
  };
}

/** kafkajs's own words for it; the password is laid open here and nowhere else. */
export function kafkajsSecurity({ tls, sasl }: KafkaSecurity = {}) {
  const ssl = typeof tls === 'object' ? { ca: [tls.ca] } : tls === true;
  if (sasl === undefined) return { ssl };
  const { mechanism, username } = sasl;
  const password = sasl.password.reveal();
  return {
    ssl,
    sasl: { mechanism, username, password } as { mechanism: 'plain'; username: string; password: string },
  };
}
