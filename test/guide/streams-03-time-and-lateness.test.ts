/**
 * 03 · Time and lateness
 *
 * A record happened at its event time and came at its ingest time. Stream time is how far a task has got: the
 * largest min(event time, ingest time) of its records, so that one fast clock cannot move it ahead. Later than the
 * grace behind stream time is late: it goes to the late records with its lateness, never silently away. An event
 * time more than an hour after the ingest time is a dead letter.
 */
import { describe, expect, it } from '@jest/globals';
import { jsonSerde, type StreamTopic, topology, tumbling, windowCount } from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Sighting {
  readonly atMs: number;
}

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const sightings: StreamTopic<Sighting> = {
  name: 'sightings',
  partitions: 'P',
  serde: jsonSerde('sighting'),
  eventTimeMs: ({ atMs }) => atMs,
};

const counting = topology('counting', {
  order: 'free',
  parts: [windowCount({ name: 'per-hour', from: sightings, windows: tumbling(HOUR), graceMs: 5 * MINUTE })],
});

function counted(events: readonly (readonly [eventMinute: number, ingestMinute: number])[]) {
  const driver = drive(counting, { nowMs: NOON });
  for (const [event, ingest] of events) {
    driver.pipe(sightings, 'door', { atMs: NOON + event * MINUTE }, NOON + ingest * MINUTE);
  }
  return {
    windows: driver
      .store<number>('per-hour')
      .windows()
      .map(({ timeMs, value }) => [(timeMs - NOON) / HOUR, value]),
    late: driver.late().map(({ latenessMs = 0 }) => latenessMs / MINUTE),
    deadLetters: driver.deadLetters().map(({ reason }) => reason),
  };
}

describe('time', () => {
  it('is the time of the event: disorder within the grace changes nothing', () => {
    const inOrder = counted([
      [58, 70],
      [59, 70],
      [61, 70],
      [62, 70],
    ]);
    const disordered = counted([
      [61, 70],
      [58, 70],
      [62, 70],
      [59, 70],
    ]);
    expect(disordered).toEqual(inOrder);
    expect(inOrder).toEqual({
      windows: [
        [0, 2],
        [1, 2],
      ],
      late: [],
      deadLetters: [],
    });
  });

  it('makes late what is further behind than the grace, and says by how much', () => {
    const { windows, late } = counted([
      [30, 30],
      [25, 30],
      [24, 30],
    ]);
    expect(windows).toEqual([[0, 2]]);
    expect(late).toEqual([6]);
  });

  it('is not moved by a fast clock beyond what the log knows', () => {
    // Says 40 minutes ahead: stream time goes to the ingest time only, so its fellows are not late.
    const { windows, late } = counted([
      [40, 0],
      [0, 1],
      [1, 2],
    ]);
    expect(windows).toEqual([[0, 3]]);
    expect(late).toEqual([]);
  });

  it('refuses what claims to come from more than an hour ahead', () => {
    expect(counted([[61, 0]])).toEqual({ windows: [], late: [], deadLetters: ['ZT-STREAMS-FUTURE'] });
  });

  it('takes the earliest of what waits, over all inputs of the task', () => {
    const others: StreamTopic<Sighting> = { ...sightings, name: 'others' };
    const both = topology('both', {
      order: 'free',
      parts: [
        windowCount({ name: 'here', from: sightings, windows: tumbling(HOUR), graceMs: 0 }),
        windowCount({ name: 'there', from: others, windows: tumbling(HOUR), graceMs: 0 }),
      ],
    });
    const driver = drive(both, { nowMs: NOON });
    for (const minute of [3, 4])
      driver.queue(sightings, 'a', { atMs: NOON + minute * MINUTE }, NOON + 9 * MINUTE);
    for (const minute of [1, 2])
      driver.queue(others, 'a', { atMs: NOON + minute * MINUTE }, NOON + 9 * MINUTE);
    driver.run();
    expect(driver.late()).toEqual([]);
  });
});
