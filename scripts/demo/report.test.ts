import { describe, expect, it } from '@jest/globals';
import type { Dataset } from '../datasets/index.ts';
import type { ReplayOutcome } from './replay.ts';
import { printReport } from './report.ts';

const dataset: Dataset = {
  name: 'three sales',
  synthetic: true,
  count: 3,
  countByType: { pos_sale: 3 },
  published: null,
  events: async function* () {},
  reference: async function* () {},
};
const warehouse = { query: async () => [] };
const hop = { eventType: 'pos_sale', rows: 3, doubledRows: 0, distinctEvents: 3 };
const sent = {
  sent: 3,
  accepted: 3,
  rejected: 0,
  retried: 0,
  elapsedMs: 10,
  requests: {},
  rejectedByCode: {},
  rejections: [],
  eventsPerSecond: 300,
  acceptMs: { p50: 1, p99: 2 },
  samples: [],
};
const good: ReplayOutcome = {
  reference: { accepted: 0, acceptedByTopic: {}, rejected: 0, rejectedByCode: {}, retried: 0 },
  sent,
  repeats: 0,
  hops: [hop],
  visibility: { samples: 1, unseen: 0, p50Ms: 1, p99Ms: 2 },
  elapsedMs: 20,
};

async function tiesOut(outcome: ReplayOutcome): Promise<{ tied: boolean; said: string }> {
  const lines: string[] = [];
  const tied = await printReport({ outcome, dataset, warehouse, say: (line = '') => lines.push(line) });
  return { tied, said: lines.join('\n') };
}

describe('printReport', () => {
  it('says that everything ties out when each event is there once', async () => {
    expect(await tiesOut(good)).toMatchObject({ tied: true });
  });

  it('does not, and says how many, when an accepted event is missing', async () => {
    const { tied, said } = await tiesOut({ ...good, hops: [{ ...hop, rows: 2, distinctEvents: 2 }] });
    expect(tied).toBe(false);
    expect(said).toMatch(/遺失 lost +1\n/);
  });

  it('does not when a topic record is there twice', async () => {
    const { tied, said } = await tiesOut({ ...good, hops: [{ ...hop, rows: 4, doubledRows: 1 }] });
    expect(tied).toBe(false);
    expect(said).toMatch(/重複入庫 doubled +1\n/);
  });

  it('counts a repeat that was kept off the highway apart: it is neither lost nor doubled', async () => {
    const sentAgain = { ...good, repeats: 1, hops: [{ ...hop, rows: 2, distinctEvents: 2 }] };
    const { tied, said } = await tiesOut(sentAgain);
    expect(tied).toBe(true);
    expect(said).toMatch(/repeats kept off the highway +1\n/);
  });

  it('does not when an event is on the highway twice', async () => {
    const { tied, said } = await tiesOut({ ...good, hops: [{ ...hop, rows: 4 }] });
    expect(tied).toBe(false);
    expect(said).toMatch(/twice on the highway +1\n/);
  });

  it('does not when reference data or events were refused, or a sample never became visible', async () => {
    const refused = { ...good.reference, rejected: 1 };
    expect((await tiesOut({ ...good, reference: refused })).tied).toBe(false);
    expect((await tiesOut({ ...good, sent: { ...sent, accepted: 2, rejected: 1 } })).tied).toBe(false);
    expect((await tiesOut({ ...good, visibility: { ...good.visibility, unseen: 1 } })).tied).toBe(false);
  });
});
