import { describe, expect, it } from '@jest/globals';
import { Row } from './parquet.ts';
import { asOf, mapCampaign, mapMember, mapProduct, mapPromoCodes, mapStore } from './reference.ts';

const campaign = {
  campaign: 26,
  type: 'Type B',
  startDay: Date.UTC(2017, 0, 1),
  endDay: Date.UTC(2017, 6, 1),
};

describe('the master data', () => {
  it('has stores by number', () => {
    expect(mapStore(330)).toEqual({
      topic: 'reference.store',
      record: 'zhongtai.reference.Store',
      value: { store_id: '330', updated_at: asOf },
    });
  });

  it('has campaigns up to the end of their last day', () => {
    expect(mapCampaign(campaign).value).toMatchObject({
      campaign_id: '26',
      campaign_type: 'Type B',
      start_at: Date.UTC(2017, 0, 1, 5),
      end_at: Date.UTC(2017, 6, 2, 4),
    });
  });

  it('has one promotion code per coupon and campaign, each product once', () => {
    const rows = [
      { coupon: 5, campaign: 26, product: 1 },
      { coupon: 5, campaign: 26, product: 2 },
      { coupon: 5, campaign: 26, product: 1 },
      { coupon: 5, campaign: 27, product: 9 },
    ];
    expect([...mapPromoCodes(rows, [campaign])].map(({ value }) => value)).toMatchObject([
      { code: '5-26', product_ids: ['1', '2'], valid_from: Date.UTC(2017, 0, 1, 5), kind: 'coupon' },
      { code: '5-27', product_ids: ['9'], valid_from: null },
    ]);
  });

  it('has members by their card, with the age band and no more', () => {
    const row = new Row({ household_id: 1001n, age: '45-54', income: '50-74K', marital_status: 'Unmarried' });
    expect(mapMember(row).value).toEqual({ cust_id: 'CJ0001001', age_band: '45-54', updated_at: asOf });
  });

  it('has products with three levels, and copes with unknown ones', () => {
    const ice = new Row({
      product_id: 25671n,
      manufacturer_id: 2n,
      department: 'GROCERY',
      brand: 'Private',
      product_category: 'FRZN ICE ',
      product_type: 'ICE - CRUSHED/CUBED',
      package_size: '22 LB',
    });
    expect(mapProduct(ice).value).toMatchObject({
      product_id: '25671',
      name: 'ICE - CRUSHED/CUBED 22 LB',
      brand_id: '2',
      category_l2: 'FRZN ICE',
      private_label: true,
    });
    const unknown = new Row({
      product_id: 1n,
      manufacturer_id: 2n,
      department: 'MISCELLANEOUS',
      brand: 'National',
    });
    expect(mapProduct(unknown).value).toMatchObject({ name: null, category_l3: null, private_label: false });
  });

  it('refuses a number that is none', () => {
    expect(() => mapMember(new Row({ household_id: '1001' }))).toThrow(
      expect.objectContaining({ code: 'ZT-DATASETS-VALUE' }),
    );
  });
});
