import type { ApiEvent } from '../dataset.ts';
import { eventIdOf } from '../event-id.ts';
import { actorOf, setName } from './identifiers.ts';
import type { CampaignRow, ContactRow } from './journey.ts';
import { startOfShopDay } from './shop-time.ts';

export interface MessageSent extends ApiEvent {
  readonly event_type: 'message_sent';
  readonly channel: 'other';
  readonly message_id: string;
  readonly campaign_id: string;
  readonly automation: 'batch';
  readonly cost_cents: 0;
  readonly currency: 'USD';
}

/**
 * A household that was sent a campaign's coupons by post (channel `other`), on the campaign's first day: the data
 * give no day of their own. Costs are unknown and counted as none.
 */
export function mapContact(row: ContactRow, campaign: CampaignRow, sequence: number): MessageSent {
  const businessKey = `${setName}|message_sent|${row.campaign}|${row.household}`;
  return {
    event_type: 'message_sent',
    event_id: eventIdOf(businessKey),
    event_time: startOfShopDay(campaign.startDay),
    source_stream: 'campaigns',
    source_seq: sequence,
    identities: actorOf(row.household),
    channel: 'other',
    // Not the business key itself: a message_id is shown to anyone, the household's number is not.
    message_id: eventIdOf(`${businessKey}|message`),
    campaign_id: String(row.campaign),
    automation: 'batch',
    cost_cents: 0,
    currency: 'USD',
  };
}
