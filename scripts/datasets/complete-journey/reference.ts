import { join } from 'node:path';
import type { ReferenceRecord } from '../dataset.ts';
import { memberNumber, promoCode } from './identifiers.ts';
import { type CampaignRow, type Journey, readCampaigns } from './journey.ts';
import { type Row, readRows } from './parquet.ts';
import { startOfShopDay } from './shop-time.ts';

const DAY_MS = 86_400_000;

/** Master data have no time of change in the set: all are as of the end of the study. */
export const asOf = Date.UTC(2018, 0, 1, 5);

interface CouponRow {
  readonly coupon: number;
  readonly campaign: number;
  readonly product: number;
}

/** Stores, campaigns, promotion codes, members and products, in this order. */
export async function* referenceOfJourney(folder: string, journey: Journey): AsyncGenerator<ReferenceRecord> {
  for (const store of new Set(journey.lines.store)) yield mapStore(store);
  const campaigns = await readCampaigns(folder);
  for (const campaign of campaigns) yield mapCampaign(campaign);
  const coupons = await readRows(join(folder, 'coupons.parquet'), (row) => ({
    coupon: row.number('coupon_upc'),
    campaign: row.number('campaign_id'),
    product: row.number('product_id'),
  }));
  yield* mapPromoCodes(coupons, campaigns);
  yield* await readRows(join(folder, 'demographics.parquet'), mapMember);
  yield* await readRows(join(folder, 'products.parquet'), mapProduct);
}

/** Nothing is known of a store but its number. */
export function mapStore(store: number): ReferenceRecord {
  return referenceRecord('store', 'Store', { store_id: String(store), updated_at: asOf });
}

export function mapCampaign({ campaign, type, startDay, endDay }: CampaignRow): ReferenceRecord {
  return referenceRecord('campaign', 'Campaign', {
    campaign_id: String(campaign),
    name: `Campaign ${campaign}`,
    campaign_type: type,
    start_at: startOfShopDay(startDay),
    end_at: startOfShopDay(endDay + DAY_MS),
    currency: 'USD',
    updated_at: asOf,
  });
}

/** One code per coupon and campaign (1,197), with the products it is for: 111,332 different of 116,204 rows. */
export function* mapPromoCodes(
  coupons: readonly CouponRow[],
  campaigns: readonly CampaignRow[],
): Generator<ReferenceRecord> {
  const days = new Map(campaigns.map((row) => [row.campaign, row]));
  const codes = new Map<string, { campaign: number; products: Set<number> }>();
  for (const { coupon, campaign, product } of coupons) {
    const code = promoCode(coupon, campaign);
    const known = codes.get(code) ?? { campaign, products: new Set() };
    known.products.add(product);
    codes.set(code, known);
  }
  for (const [code, { campaign, products }] of codes) {
    const valid = days.get(campaign);
    yield referenceRecord('promo_code', 'PromoCode', {
      code,
      campaign_id: String(campaign),
      valid_from: valid === undefined ? null : startOfShopDay(valid.startDay),
      valid_to: valid === undefined ? null : startOfShopDay(valid.endDay + DAY_MS),
      currency: 'USD',
      kind: 'coupon',
      product_ids: Array.from(products, String),
      updated_at: asOf,
    });
  }
}

/**
 * A household as a member. Of the demographics only the age band has a field; income, home, marriage and children
 * are of no use to the platform and personal, so they are left where they are.
 */
export function mapMember(row: Row): ReferenceRecord {
  return referenceRecord('member', 'Member', {
    cust_id: memberNumber(row.number('household_id')),
    age_band: row.text('age'),
    updated_at: asOf,
  });
}

/** Department, category and type are the three levels; the maker's number is the brand. */
export function mapProduct(row: Row): ReferenceRecord {
  const type = row.text('product_type');
  const size = row.text('package_size');
  return referenceRecord('product', 'Product', {
    product_id: String(row.number('product_id')),
    name: type === null || size === null ? type : `${type} ${size}`,
    brand_id: String(row.number('manufacturer_id')),
    category_l1: row.text('department'),
    category_l2: row.text('product_category'),
    category_l3: type,
    currency: 'USD',
    private_label: row.text('brand') === 'Private',
    size,
    updated_at: asOf,
  });
}

function referenceRecord(topic: string, record: string, value: ReferenceRecord['value']): ReferenceRecord {
  return { topic: `reference.${topic}`, record: `zhongtai.reference.${record}`, value };
}
