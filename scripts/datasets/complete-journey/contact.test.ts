import { describe, expect, it } from '@jest/globals';
import { mapContact } from './contact.ts';

const campaign = {
  campaign: 26,
  type: 'Type B',
  startDay: Date.UTC(2017, 6, 4),
  endDay: Date.UTC(2017, 7, 1),
};

describe('mapContact', () => {
  it('is a message of the campaign on its first day', () => {
    expect(mapContact({ campaign: 26, household: 105 }, campaign, 9)).toMatchObject({
      event_type: 'message_sent',
      event_time: Date.UTC(2017, 6, 4, 4),
      source_stream: 'campaigns',
      source_seq: 9,
      identities: [{ id_type: 'cust_id', id_value: 'CJ0000105', role: 'actor' }],
      campaign_id: '26',
      automation: 'batch',
    });
  });

  it('shows the household in the identity alone', () => {
    const { identities, ...rest } = mapContact({ campaign: 26, household: 987_654 }, campaign, 9);
    expect(JSON.stringify(identities)).toContain('987654');
    expect(JSON.stringify(rest)).not.toContain('987654');
  });
});
