import { describe, expect, it } from '@jest/globals';
import { eventIdOf } from './event-id.ts';

describe('eventIdOf', () => {
  it('is a UUID of version 8 and the RFC 9562 variant', () => {
    for (let key = 0; key < 1000; key += 1) {
      expect(eventIdOf(`key-${key}`)).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }
  });

  it('depends on the key alone', () => {
    expect(eventIdOf('sale|31198570044')).toBe(eventIdOf('sale|31198570044'));
    const ids = new Set(Array.from({ length: 10_000 }, (_, key) => eventIdOf(String(key))));
    expect(ids.size).toBe(10_000);
  });

  it('stays what it was: ids written once are met again', () => {
    expect(eventIdOf('complete-journey|pos_sale|31198570044')).toBe('dd71a3d2-fabd-88d9-9ed8-dff7c6064ffe');
  });
});
