import { join } from 'node:path';
import { centsOf } from './money.ts';
import { readNumbers, readRows, rowCountOf } from './parquet.ts';

/** The lines of all sales, column by column: in order of time, those of one basket next to each other. */
export interface SaleLines {
  readonly count: number;
  readonly household: Int32Array;
  readonly store: Int32Array;
  readonly basket: Float64Array;
  readonly product: Int32Array;
  readonly quantity: Int32Array;
  readonly salesCents: Int32Array;
  readonly retailDiscountCents: Int32Array;
  readonly couponDiscountCents: Int32Array;
  readonly matchDiscountCents: Int32Array;
  readonly time: Float64Array;
}

export interface CampaignRow {
  readonly campaign: number;
  readonly type: string | null;
  /** Midnight UTC of the first and the last day. */
  readonly startDay: number;
  readonly endDay: number;
}

export interface ContactRow {
  readonly campaign: number;
  readonly household: number;
}

export interface RedemptionRow {
  readonly household: number;
  readonly coupon: number;
  readonly campaign: number;
  readonly day: number;
}

/** What is needed to replay the study's events, in memory: 60 MB. */
export interface Journey {
  readonly lines: SaleLines;
  readonly campaigns: readonly CampaignRow[];
  readonly contacts: readonly ContactRow[];
  readonly redemptions: readonly RedemptionRow[];
}

export async function readJourney(folder: string, log: (line: string) => void): Promise<Journey> {
  const campaigns = await readCampaigns(folder);
  const contacts = await readRows(join(folder, 'campaigns.parquet'), (row) => ({
    campaign: row.number('campaign_id'),
    household: row.number('household_id'),
  }));
  const redemptions = await readRows(join(folder, 'coupon_redemptions.parquet'), (row) => ({
    household: row.number('household_id'),
    coupon: row.number('coupon_upc'),
    campaign: row.number('campaign_id'),
    day: row.number('redemption_date'),
  }));
  return { lines: await readSaleLines(folder, log), campaigns, contacts, redemptions };
}

export function readCampaigns(folder: string): Promise<CampaignRow[]> {
  return readRows(join(folder, 'campaign_descriptions.parquet'), (row) => ({
    campaign: row.number('campaign_id'),
    type: row.text('campaign_type'),
    startDay: row.number('start_date'),
    endDay: row.number('end_date'),
  }));
}

async function readSaleLines(folder: string, log: (line: string) => void): Promise<SaleLines> {
  const path = join(folder, 'transactions.parquet');
  const count = await rowCountOf(path);
  const lines: SaleLines = {
    count,
    household: new Int32Array(count),
    store: new Int32Array(count),
    basket: new Float64Array(count),
    product: new Int32Array(count),
    quantity: new Int32Array(count),
    salesCents: new Int32Array(count),
    retailDiscountCents: new Int32Array(count),
    couponDiscountCents: new Int32Array(count),
    matchDiscountCents: new Int32Array(count),
    time: new Float64Array(count),
  };
  const columns = [
    ['household_id', lines.household],
    ['store_id', lines.store],
    ['basket_id', lines.basket],
    ['product_id', lines.product],
    ['quantity', lines.quantity],
    ['sales_value', lines.salesCents, centsOf],
    ['retail_disc', lines.retailDiscountCents, centsOf],
    ['coupon_disc', lines.couponDiscountCents, centsOf],
    ['coupon_match_disc', lines.matchDiscountCents, centsOf],
    ['transaction_timestamp', lines.time],
  ] as const;
  for (const [index, [name, target, convert]] of columns.entries()) {
    await readNumbers(path, name, target, convert);
    log(`read ${count.toLocaleString('en')} sale lines: column ${index + 1} of ${columns.length}`);
  }
  return lines;
}
