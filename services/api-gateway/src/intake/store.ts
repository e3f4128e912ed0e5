import type { CachedToken, VaultCipher } from '@zhongtai/domain';
import type { Codec, OutMessage, Publisher } from '@zhongtai/highway';
import type { AdmittedEvent } from './draft.ts';
import { VAULT_TOPIC } from './plans.ts';

const VAULT_RECORD = 'zhongtai.vault.Identifier';

export interface StoreOptions {
  readonly codec: Pick<Codec, 'encode'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly cipher: VaultCipher;
  readonly secretVersion: number;
  readonly onVaultRecords: (count: number) => void;
}

/** Writes events; resolves when all of them, and the vault records that they need, are on all replicas. */
export type Store = (events: readonly AdmittedEvent[], now: number) => Promise<void>;

/**
 * The vault records go in the same publish as the events, so neither waits for the other and no event is
 * acknowledged before the clear values behind its tokens are stored. If any record fails, the promise rejects and
 * the sender repeats everything: what was stored is then a repeat with the same event_id or the same token.
 */
export function createStore({
  codec,
  publisher,
  cipher,
  secretVersion,
  onVaultRecords,
}: StoreOptions): Store {
  function vaultMessage(entry: CachedToken, now: number): OutMessage {
    const value = codec.encode(VAULT_TOPIC, VAULT_RECORD, {
      token: entry.token,
      id_type: entry.idType,
      scope: entry.scope,
      ...cipher.seal(entry.token, entry.value),
      secret_version: secretVersion,
      stored_at: now,
    });
    return { topic: VAULT_TOPIC, key: entry.token, value, timestampMs: now };
  }

  return async (events, now) => {
    const entries = new Set(events.flatMap((event) => event.unstored));
    const messages = [...entries].map((entry) => vaultMessage(entry, now));
    onVaultRecords(messages.length);
    for (const event of events) messages.push(event.message);
    await publisher.publish(messages);
    for (const entry of entries) entry.stored = true;
  };
}
