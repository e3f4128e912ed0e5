import type { Warehouse } from '@zhongtai/warehouse';
import type { Dataset, Totals } from '../datasets/index.ts';
import type { ReplayOutcome } from './replay.ts';
import { renderTable } from './table.ts';

export interface ReportOptions {
  readonly outcome: ReplayOutcome;
  readonly dataset: Dataset;
  readonly warehouse: Pick<Warehouse, 'query'>;
  readonly say: (line?: string) => void;
}

const count = (value: number): string => Math.round(value).toLocaleString('en');
const milliseconds = (value: number): string => `${count(value)} ms`;

/** Prints the table of the run and the totals beside the published ones. Returns whether everything ties out. */
export async function printReport({ outcome, dataset, warehouse, say }: ReportOptions): Promise<boolean> {
  const { reference, sent, hops, repeats, visibility, elapsedMs } = outcome;
  const rows = hops.reduce((sum, hop) => sum + hop.rows, 0);
  const doubled = hops.reduce((sum, hop) => sum + hop.doubledRows, 0);
  const events = hops.reduce((sum, hop) => sum + hop.distinctEvents, 0);
  const lost = sent.accepted - repeats - events;
  const records = rows - doubled;
  const twice = records - events;
  const seconds = elapsedMs / 1000;
  const lines = dataset.published === null ? [] : await lineRates(warehouse, seconds);

  say();
  say(
    renderTable([
      ['本次執行 This run', ''],
      ['送出 sent', count(sent.sent)],
      ['收下 accepted (202)', count(sent.accepted)],
      ['拒收 rejected', count(sent.rejected)],
      ['主檔拒收 rejected reference data', count(reference.rejected)],
      ['重送，不再上路 repeats kept off the highway', count(repeats)],
      ['在高速公路上 on the highway', count(records)],
      ['在 ClickHouse', count(rows)],
      ['遺失 lost', count(lost)],
      ['重複上路 twice on the highway', count(twice)],
      ['重複入庫 doubled', count(doubled)],
      ['收下速率 accepted per second', `${count(sent.eventsPerSecond)} events/s`],
      ['全程速率 source to table', `${count(sent.accepted / seconds)} events/s`],
      ...lines,
      [
        '收下延遲 accept p50 / p99',
        `${milliseconds(sent.acceptMs.p50)} / ${milliseconds(sent.acceptMs.p99)}`,
      ],
      [
        `收下到可查 accept to visible p50 / p99 (${visibility.samples} samples)`,
        `${milliseconds(visibility.p50Ms)} / ${milliseconds(visibility.p99Ms)}`,
      ],
    ]),
  );
  const complete =
    lost === 0 &&
    doubled === 0 &&
    twice === 0 &&
    visibility.unseen === 0 &&
    sent.rejected + reference.rejected === 0 &&
    sent.accepted === dataset.count;
  const totalsAgree =
    dataset.published === null ? true : await printTotals(warehouse, dataset.published, say);
  say(complete && totalsAgree ? '\n✓ 全部相符 everything ties out' : '\n✗ 不相符 the run does not tie out');
  return complete && totalsAgree;
}

async function lineRates(warehouse: ReportOptions['warehouse'], seconds: number): Promise<string[][]> {
  const [found] = await warehouse.query<{ lines: string }>(
    'SELECT count() AS lines FROM mart.fact_order_line',
  );
  return [['明細速率 order lines', `${count(Number(found?.lines ?? 0) / seconds)} lines/s`]];
}

const TOTALS_SQL = `SELECT
  (SELECT uniqExact(order_id) FROM mart.fact_order) AS baskets,
  count() AS lines,
  uniqExact(anchor) AS households,
  uniqExact(store_id) AS stores,
  uniqExact(product_id) AS productsSold,
  toInt64(sum(net_amount) * 100) AS salesCents,
  toInt64(sum(retail_discount_amount) * 100) AS retailDiscountCents,
  toInt64(sum(coupon_discount_amount) * 100) AS couponDiscountCents,
  toInt64(sum(match_discount_amount) * 100) AS matchDiscountCents,
  countIf(discount_amount > 0) AS promotedLines,
  (SELECT count() FROM mart.fact_message) AS contacts,
  (SELECT uniqExact(anchor) FROM mart.fact_message) AS contactedHouseholds,
  (SELECT count() FROM mart.campaign) AS campaigns,
  (SELECT count() FROM mart.fact_loyalty WHERE kind = 'redeem') AS redemptions,
  (SELECT uniqExact(anchor) FROM mart.fact_loyalty WHERE kind = 'redeem') AS redeemingHouseholds,
  (SELECT count() FROM mart.member) AS members
FROM mart.fact_order_line`;

const LABELS: Readonly<Record<Exclude<keyof Totals, 'currency'>, string>> = {
  baskets: '籃數 baskets',
  lines: '明細 lines',
  households: '家戶 households',
  stores: '門市 stores',
  productsSold: '售出商品 products sold',
  salesCents: '銷售額 sales',
  retailDiscountCents: '門市折扣 retail discount',
  couponDiscountCents: '折價券 coupon discount',
  matchDiscountCents: '對等折扣 coupon match discount',
  promotedLines: '促銷明細 promoted lines',
  contacts: '活動接觸 campaign contacts',
  contactedHouseholds: '被接觸家戶 contacted households',
  campaigns: '活動 campaigns',
  redemptions: '兌換 redemptions',
  redeemingHouseholds: '兌換家戶 redeeming households',
  members: '會員資料 members with demographics',
};

async function printTotals(
  warehouse: ReportOptions['warehouse'],
  published: Totals,
  say: ReportOptions['say'],
): Promise<boolean> {
  const [found = {}] = await warehouse.query<Record<string, string | number>>(TOTALS_SQL);
  const show = (name: string, value: number) =>
    name.endsWith('Cents') ? (value / 100).toLocaleString('en', { minimumFractionDigits: 2 }) : count(value);
  let agree = true;
  const rows = Object.entries(LABELS).map(([name, label]) => {
    const ours = Number(found[name]);
    const theirs = Number(Object.entries(published).find(([field]) => field === name)?.[1]);
    agree &&= ours === theirs;
    return [label, show(name, ours), show(name, theirs), ours === theirs ? '=' : '≠'];
  });
  say();
  say(renderTable([['總數 Totals', 'ClickHouse', '公布值 published', ''], ...rows]));
  return agree;
}
