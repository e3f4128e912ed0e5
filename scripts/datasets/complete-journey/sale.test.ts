import { describe, expect, it } from '@jest/globals';
import { mapSale } from './sale.ts';
import { saleLines } from './small-journey.ts';

describe('mapSale', () => {
  it('makes one event of the lines of a basket', () => {
    const lines = saleLines([
      { basket: 1, sales: 999 },
      { basket: 31_198_570_044, household: 900, store: 330, product: 11, sales: 50, time: 1_483_271_606_000 },
      { basket: 31_198_570_044, household: 900, store: 330, product: 12, sales: 99, retail: 10 },
    ]);
    expect(mapSale(lines, 1, 3, 42)).toEqual({
      event_type: 'pos_sale',
      event_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8/),
      event_time: 1_483_271_606_000,
      source_stream: 'store-330',
      source_seq: 42,
      identities: [{ id_type: 'cust_id', scope: '', id_value: 'CJ0000900', role: 'actor', verified: true }],
      channel: 'store_pos',
      store_id: '330',
      order_id: '31198570044',
      order_channel: 'pos',
      fulfil: 'cash_carry',
      gross_cents: 159,
      net_cents: 149,
      currency: 'USD',
      lines: [
        {
          line_no: 1,
          product_id: '11',
          qty: 1,
          list_price_cents: 50,
          net_price_cents: 50,
          discount_cents: 0,
          promo_kind: 'none',
        },
        {
          line_no: 2,
          product_id: '12',
          qty: 1,
          list_price_cents: 109,
          net_price_cents: 99,
          discount_cents: 10,
          retail_discount_cents: 10,
          coupon_discount_cents: 0,
          match_discount_cents: 0,
          promo_kind: 'retail',
        },
      ],
    });
  });

  it('keeps three discounts of one line apart and names the largest', () => {
    const kinds = [
      { retail: 5, coupon: 100, match: 45 },
      { retail: 100, coupon: 5, match: 5 },
      { coupon: 10, match: 40 },
    ].map((discounts) => mapSale(saleLines([{ basket: 1, sales: 7, ...discounts }]), 0, 1, 1).lines[0]);
    expect(kinds).toMatchObject([
      { discount_cents: 150, list_price_cents: 157, retail_discount_cents: 5, promo_kind: 'coupon' },
      { discount_cents: 110, list_price_cents: 117, coupon_discount_cents: 5, promo_kind: 'retail' },
      { discount_cents: 50, list_price_cents: 57, match_discount_cents: 40, promo_kind: 'match' },
    ]);
  });

  it('passes the count of fuel on as it is and lets it touch no amount', () => {
    const fuel = mapSale(saleLines([{ basket: 1, quantity: 10_961, sales: 2_740 }]), 0, 1, 1);
    expect(fuel.lines[0]).toMatchObject({ qty: 10_961, net_price_cents: 2_740, list_price_cents: 2_740 });
  });

  it('gives a basket the same event_id whatever else is in the data', () => {
    const alone = mapSale(saleLines([{ basket: 5 }]), 0, 1, 1);
    const among = mapSale(saleLines([{ basket: 4 }, { basket: 5 }]), 1, 2, 9);
    expect(among.event_id).toBe(alone.event_id);
    expect(mapSale(saleLines([{ basket: 4 }]), 0, 1, 1).event_id).not.toBe(alone.event_id);
  });
});
