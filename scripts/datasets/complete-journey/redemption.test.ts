import { describe, expect, it } from '@jest/globals';
import { mapRedemption } from './redemption.ts';

const row = { household: 1_029, coupon: 51_380_041_013, campaign: 26, day: Date.UTC(2017, 0, 1) };

describe('mapRedemption', () => {
  it('is a reward redeemed on a day of the shops', () => {
    expect(mapRedemption(row, 3)).toEqual({
      event_type: 'loyalty_changed',
      event_id: expect.any(String),
      event_time: Date.UTC(2017, 0, 1, 5),
      source_stream: 'loyalty',
      source_seq: 3,
      identities: [{ id_type: 'cust_id', scope: '', id_value: 'CJ0001029', role: 'actor', verified: true }],
      channel: 'store_pos',
      cust_id: 'CJ0001029',
      kind: 'redeem',
      points: 0,
      reward_id: '51380041013-26',
      campaign_id: '26',
    });
  });

  it('is another event for another household, coupon, campaign or day, and for nothing else', () => {
    const others = [{ household: 1 }, { coupon: 1 }, { campaign: 1 }, { day: 0 }].map((other) => ({
      ...row,
      ...other,
    }));
    const ids = [row, ...others].map((each) => mapRedemption(each, 1).event_id);
    expect(new Set(ids).size).toBe(5);
    expect(mapRedemption(row, 77).event_id).toBe(ids[0]);
  });
});
