import { recordName, single, type Topic } from './catalogue.ts';
import { field, fields, type KeyOf } from './keys.ts';

type ReferenceRow = readonly [thing: string, key: KeyOf, zh: string, en: string, owner: string];

const references: readonly ReferenceRow[] = [
  ['member', field('cust_id'), '會員', 'Members', 'commerce'],
  ['product', field('product_id'), '商品', 'Products', 'merchandise'],
  ['store', field('store_id'), '門市', 'Stores', 'store-operations'],
  ['zone', field('zone_id'), '區域', 'Store zones', 'store-operations'],
  ['beacon', field('beacon_id'), '信標', 'Beacons', 'store-operations'],
  ['hub', field('hub_id'), '物流中心', 'Hubs', 'logistics'],
  ['lane', fields('from_hub_id', 'to_hub_id'), '幹線', 'Lanes', 'logistics'],
  ['campaign', field('campaign_id'), '行銷活動', 'Campaigns', 'marketing'],
  ['creative', field('creative_id'), '素材', 'Creatives', 'marketing'],
  ['promo_code', field('code'), '促銷碼', 'Promotion codes', 'marketing'],
  ['benefit', field('benefit_id'), '權益', 'Benefits', 'marketing'],
  ['experiment', field('experiment_id'), '實驗', 'Experiments', 'marketing'],
  ['geo_cell', field('h3_8'), '網格', 'Geographic cells', 'data-office'],
  ['calendar', fields('day', 'region', 'kind'), '行事曆', 'Calendar', 'data-office'],
  ['consent_purpose', field('purpose'), '同意目的', 'Consent purposes', 'data-office'],
  ['tag_def', field('tag_key'), '標籤定義', 'Tag definitions', 'data-office'],
  ['segment_def', field('segment_id'), '分群定義', 'Segment definitions', 'data-office'],
  ['flow_rule', fields('resource', 'limit_app'), '流控規則', 'Flow rules', 'platform'],
];

/** One compacted topic per kind of reference data. */
export const referenceTopics: readonly Topic[] = references.map(([thing, key, zh, en, owner]) =>
  single({
    name: `reference.${thing}`,
    record: recordName('reference', thing),
    kind: 'table',
    owner,
    key,
    label: { zh, en },
  }),
);

/** What the platform writes for itself. */
export const platformTopics: readonly Topic[] = [
  single({
    name: 'vault.identifier',
    record: recordName('vault', 'identifier'),
    kind: 'table',
    owner: 'platform',
    key: field('token'),
    label: { zh: '識別碼保險庫', en: 'Identifier vault' },
  }),
  single({
    name: 'dead-letter',
    record: recordName('platform', 'dead_letter'),
    kind: 'stream',
    owner: 'platform',
    key: deadLetterKey,
    label: { zh: '死信', en: 'Dead letters' },
  }),
  single({
    name: 'late',
    record: recordName('platform', 'late_record'),
    kind: 'stream',
    owner: 'platform',
    key: lateKey,
    label: { zh: '遲到紀錄', en: 'Late records' },
  }),
];

/** A replay of the same record gives the same key, so repeats are seen as repeats. */
function deadLetterKey(record: Readonly<Record<string, unknown>>): string | null {
  const { topic, partition, offset, event_id: eventId } = record;
  if (typeof topic !== 'string') return null;
  return typeof offset === 'number' && offset < 0 && typeof eventId === 'string'
    ? `${topic}-${eventId}`
    : `${topic}-${partition}-${offset}`;
}

/** One record can be late for several topologies. */
function lateKey(record: Readonly<Record<string, unknown>>): string | null {
  const { topic, partition, offset, hop } = record;
  return typeof topic === 'string' ? `${topic}-${partition}-${offset}-${hop}` : null;
}
