/**
 * 11 · Evolution
 *
 * State outlives the code that wrote it. A serde reads what its older versions wrote: then nothing else is needed. A
 * store under a new name begins empty. A store whose form changes under its old name is refused at the start, with
 * its name; spans, graces and gaps may change freely. A new topology begins at its stated point, earliest or latest; what a removed one kept stays until a reset.
 */
import { describe, expect, it } from '@jest/globals';
import {
  aggregate,
  application,
  count,
  jsonSerde,
  numberSerde,
  type Serde,
  type StreamTopic,
  type Topology,
  textSerde,
  topology,
  windowJoin,
} from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Visit {
  readonly page: string;
}
interface Seen {
  readonly visits: number;
  /** Since the second version. */
  readonly lastPage?: string;
}

const noon = Date.UTC(2026, 5, 1, 12);
const purchases: StreamTopic<Visit> = { name: 'purchases', partitions: 'P', serde: jsonSerde('visit') };
const told: StreamTopic<string> = { name: 'told', partitions: 'P', serde: textSerde };
const visits: StreamTopic<Visit> = { name: 'visits', partitions: 'P', serde: jsonSerde('visit') };

function remembering(serde: Serde<Seen>, name = 'seen'): Topology {
  const seen = aggregate<Visit, Seen>({
    name,
    from: visits,
    serde,
    initial: { visits: 0 },
    add: (before, { page }) => ({ visits: before.visits + 1, lastPage: page }),
  });
  return topology('remembering', { order: 'free', parts: [seen] });
}

function shop(...topologies: readonly Topology[]) {
  return application('shop', topologies);
}

describe('evolution', () => {
  it('a serde that reads what older versions wrote needs nothing else', () => {
    const first: Serde<Seen> = {
      ...jsonSerde<Seen>('seen'),
      encode: ({ visits: count }) => Buffer.from(JSON.stringify({ visits: count })),
    };
    const driver = drive(shop(remembering(first)));
    driver.pipe(visits, 'ann', { page: '/' });
    driver.redeploy(shop(remembering(jsonSerde('seen'))));
    driver.pipe(visits, 'ann', { page: '/tea' });
    expect(driver.store('seen').get('ann')).toEqual({ visits: 2, lastPage: '/tea' });
  });

  it('a store in another form under its old name is refused, by name', () => {
    const driver = drive(shop(remembering(jsonSerde('seen'))));
    driver.pipe(visits, 'ann', { page: '/' });
    expect(() => driver.redeploy(shop(remembering(jsonSerde('seen-2'))))).toThrow(
      'the store seen is stored in another form',
    );
  });

  it('durations are configuration: what waits in a window stays when its span changes', () => {
    const joining = (afterMs: number): Topology =>
      topology('joining', {
        order: 'free',
        parts: [
          windowJoin<Visit, Visit>({
            name: 'both',
            left: visits,
            right: purchases,
            beforeMs: 0,
            afterMs,
            graceMs: 0,
            match: (key, left, right, context) =>
              context.emit(told, key, `${left.value.page} then ${right.value.page}`),
            onlyLeft: (key, { value, timeMs }, context) =>
              context.emit(told, key, `${value.page} alone at ${timeMs - noon}`),
            outputs: [told],
          }),
        ],
      });
    const hour = 3_600_000;
    const driver = drive(shop(joining(hour)), { nowMs: noon });
    driver.pipe(visits, 'ann', { page: '/tea' }, noon);
    driver.pipe(visits, 'ben', { page: '/rice' }, noon);
    driver.redeploy(shop(joining(8 * hour)));
    driver.pipe(purchases, 'ann', { page: '/pay' }, noon + 2 * hour);
    driver.pipe(visits, 'cid', { page: '/' }, noon + 24 * hour);
    expect(driver.read(told).map(({ value }) => value)).toEqual(['/tea then /pay', '/rice alone at 0']);
  });

  it('a store under a new name begins empty', () => {
    const driver = drive(shop(remembering(jsonSerde('seen'))));
    driver.pipe(visits, 'ann', { page: '/' });
    driver.redeploy(shop(remembering(jsonSerde('seen-2'), 'seen-2')));
    driver.pipe(visits, 'ann', { page: '/tea' });
    expect(driver.store('seen-2').get('ann')).toEqual({ visits: 1, lastPage: '/tea' });
  });

  it.each([['earliest', 2] as const, ['latest', 1] as const])(
    'a new topology begins at the %s',
    (start, counted) => {
      const first = remembering(jsonSerde('seen'));
      const counting = topology('counting', {
        order: 'free',
        start,
        parts: [count({ name: 'count', from: visits })],
      });
      const driver = drive(shop(first));
      driver.pipe(visits, 'ann', { page: '/' });
      driver.redeploy(shop(first, counting));
      driver.pipe(visits, 'ann', { page: '/tea' });
      expect(driver.store('count').get('ann')).toBe(counted);
      expect(driver.store<Seen>('seen').get('ann')?.visits).toBe(2);
    },
  );

  it('what a removed topology kept is there when it comes back', () => {
    const kept = remembering(jsonSerde('seen'));
    const other = topology('other', { order: 'free', parts: [count({ name: 'count', from: visits })] });
    const driver = drive(shop(kept, other));
    driver.pipe(visits, 'ann', { page: '/' });
    driver.redeploy(shop(other));
    driver.redeploy(shop(kept, other));
    driver.pipe(visits, 'ann', { page: '/tea' });
    expect(driver.store<Seen>('seen').get('ann')?.visits).toBe(2);
  });

  it('the name of a serde is part of the form', () => {
    expect(numberSerde.name).toBe('number');
    expect(jsonSerde('seen').name).not.toBe(jsonSerde('seen-2').name);
  });
});
