import { createIdentifiers, createTokens, type VaultCipher } from '@zhongtai/domain';
import type { Codec } from '@zhongtai/highway';
import type { Secret } from '@zhongtai/runtime';
import type { Topic } from '@zhongtai/schemas';
import type { Application, Upstream } from '@zhongtai/streams';
import { FactoryError } from './errors.ts';
import { admit, admitTopics } from './topologies/admit.ts';

/** Of a factory's configuration, what applications ask for. */
interface ApplicationSettings {
  readonly TOKEN_SECRET: Secret;
  readonly TOKEN_SECRET_VERSION: number;
  readonly TOKEN_CACHE_SIZE: number;
  readonly TOKEN_CACHE_MS: number;
  readonly MAX_STRING_LENGTH: number;
  readonly MAX_ITEMS: number;
  readonly MAX_DEPTH: number;
  readonly MAX_FUTURE_MS: number;
}

/** What an application may be built of. */
export interface ApplicationParts {
  readonly config: ApplicationSettings;
  readonly codec: Codec;
  readonly cipher: VaultCipher;
}

export interface ApplicationEntry {
  /** Topics of the catalogue that it reads and writes: they are created, and their schemas prepared. */
  readonly topics: readonly Topic[];
  /** Names of those that it writes; the others it reads. A topic may be both. */
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  create(parts: ApplicationParts): Application;
}

const named = (topics: readonly Topic[], prefixes: readonly string[]): string[] =>
  topics.map(({ name }) => name).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));

/** Every application that a factory can run, by name. */
export const applications: Readonly<Record<string, ApplicationEntry>> = {
  admit: {
    topics: admitTopics,
    reads: named(admitTopics, ['direct.', 'inbound.']),
    writes: named(admitTopics, ['inbound.', 'highway.', 'vault.']),
    create: ({ config, codec, cipher }) =>
      admit({
        codec,
        cipher,
        identifiers: createIdentifiers({
          tokens: createTokens(config.TOKEN_SECRET.reveal()),
          capacity: config.TOKEN_CACHE_SIZE,
          maxAgeMs: config.TOKEN_CACHE_MS,
        }),
        secretVersion: config.TOKEN_SECRET_VERSION,
        limits: {
          maxStringLength: config.MAX_STRING_LENGTH,
          maxItems: config.MAX_ITEMS,
          maxDepth: config.MAX_DEPTH,
        },
        maxFutureMs: config.MAX_FUTURE_MS,
      }),
  },
};

/** @throws FactoryError ZT-FACTORY-APPLICATION with the names that there are. */
export function applicationNamed(name: string): ApplicationEntry {
  const entry = applications[name];
  if (entry !== undefined) return entry;
  const names = Object.keys(applications).join(', ');
  throw new FactoryError('ZT-FACTORY-APPLICATION', `there is no application "${name}", only ${names}`);
}

/** Who writes a topic, directly or through others, those farthest up first. */
export function writersOf(
  topic: string,
  known: Readonly<Record<string, Pick<ApplicationEntry, 'reads' | 'writes'>>> = applications,
  below: ReadonlySet<string> = new Set(),
): Upstream[] {
  return Object.entries(known).flatMap(([groupId, { reads, writes }]) => {
    if (!writes.includes(topic) || below.has(groupId)) return [];
    const within = new Set(below).add(groupId);
    return [...reads.flatMap((read) => writersOf(read, known, within)), { groupId, topics: reads }];
  });
}
