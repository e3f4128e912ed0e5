import type { ApiEvent } from '../dataset.ts';
import { eventIdOf } from '../event-id.ts';
import { actorOf, setName } from './identifiers.ts';
import type { SaleLines } from './journey.ts';

interface SaleLine {
  readonly line_no: number;
  readonly product_id: string;
  readonly qty: number;
  readonly list_price_cents: number;
  readonly net_price_cents: number;
  readonly discount_cents: number;
  readonly promo_kind: 'none' | 'retail' | 'coupon' | 'match';
}

/** A line at a lower price; on the others (half of all) these fields keep the schema's default of 0. */
interface PromotedLine extends SaleLine {
  readonly retail_discount_cents: number;
  readonly coupon_discount_cents: number;
  readonly match_discount_cents: number;
}

export interface PosSale extends ApiEvent {
  readonly event_type: 'pos_sale';
  readonly channel: 'store_pos';
  readonly store_id: string;
  readonly order_id: string;
  readonly order_channel: 'pos';
  readonly fulfil: 'cash_carry';
  readonly lines: readonly (SaleLine | PromotedLine)[];
  readonly gross_cents: number;
  readonly net_cents: number;
  readonly currency: 'USD';
}

/**
 * A basket as a sale at the till: rows `first` up to `end` (not included) of the lines.
 *
 * - All amounts are of the line, not per unit. `net` is the data's sales_value, what the retailer gets for the
 *   line; `list` is net and all discounts together. A maker's coupon is paid back to the retailer, so the customer
 *   paid net less the coupon: on the 1.5 % of lines with a coupon `list` is above the shelf's price by as much.
 * - **`qty` is not always units.** Fuel comes in thousandths of a gallon and coupon lines have odd counts: the sum
 *   over all lines is 152,923,108. It is passed on as it is; never divide an amount by it.
 * - What a line was reduced by most gives its `promo_kind`; one line may have all three discounts.
 */
export function mapSale(lines: SaleLines, first: number, end: number, sequence: number): PosSale {
  const basket = String(lines.basket[first]);
  const store = String(lines.store[first]);
  const mapped: (SaleLine | PromotedLine)[] = [];
  let gross = 0;
  let net = 0;
  for (let row = first; row < end; row += 1) {
    const line = mapLine(lines, row, row - first + 1);
    gross += line.list_price_cents;
    net += line.net_price_cents;
    mapped.push(line);
  }
  return {
    event_type: 'pos_sale',
    event_id: eventIdOf(`${setName}|pos_sale|${basket}`),
    event_time: lines.time[first] ?? 0,
    source_stream: `store-${store}`,
    source_seq: sequence,
    identities: actorOf(lines.household[first] ?? 0),
    channel: 'store_pos',
    store_id: store,
    order_id: basket,
    order_channel: 'pos',
    fulfil: 'cash_carry',
    lines: mapped,
    gross_cents: gross,
    net_cents: net,
    currency: 'USD',
  };
}

function mapLine(lines: SaleLines, row: number, number: number): SaleLine | PromotedLine {
  const net = lines.salesCents[row] ?? 0;
  const retail = lines.retailDiscountCents[row] ?? 0;
  const coupon = lines.couponDiscountCents[row] ?? 0;
  const match = lines.matchDiscountCents[row] ?? 0;
  const discount = retail + coupon + match;
  const line = {
    line_no: number,
    product_id: String(lines.product[row]),
    qty: lines.quantity[row] ?? 0,
    list_price_cents: net + discount,
    net_price_cents: net,
    discount_cents: discount,
    promo_kind: promoKindOf(retail, coupon, match),
  };
  if (discount === 0) return line;
  return {
    ...line,
    retail_discount_cents: retail,
    coupon_discount_cents: coupon,
    match_discount_cents: match,
  };
}

function promoKindOf(retail: number, coupon: number, match: number): SaleLine['promo_kind'] {
  const most = Math.max(retail, coupon, match);
  if (most === 0) return 'none';
  if (most === retail) return 'retail';
  return most === coupon ? 'coupon' : 'match';
}
