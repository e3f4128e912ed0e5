import type { ApiEvent } from '../dataset.ts';
import { eventIdOf } from '../event-id.ts';
import { actorOf, memberNumber, promoCode, setName } from './identifiers.ts';
import type { RedemptionRow } from './journey.ts';
import { startOfShopDay } from './shop-time.ts';

export interface LoyaltyChanged extends ApiEvent {
  readonly event_type: 'loyalty_changed';
  readonly channel: 'store_pos';
  readonly cust_id: string;
  readonly kind: 'redeem';
  readonly points: 0;
  readonly reward_id: string;
  readonly campaign_id: string;
}

/** A coupon used at the till. The data give its day only and no basket; a coupon costs no points. */
export function mapRedemption(row: RedemptionRow, sequence: number): LoyaltyChanged {
  const reward = promoCode(row.coupon, row.campaign);
  return {
    event_type: 'loyalty_changed',
    event_id: eventIdOf(`${setName}|redeem|${row.household}|${reward}|${row.day}`),
    event_time: startOfShopDay(row.day),
    source_stream: 'loyalty',
    source_seq: sequence,
    identities: actorOf(row.household),
    channel: 'store_pos',
    cust_id: memberNumber(row.household),
    kind: 'redeem',
    points: 0,
    reward_id: reward,
    campaign_id: String(row.campaign),
  };
}
