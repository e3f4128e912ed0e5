import { describe, expect, it } from '@jest/globals';
import kafkajsMurmur2 from 'kafkajs/src/producer/partitioners/default/murmur2.js';
import { murmur2, partitionOf } from './murmur2.ts';

describe('murmur2', () => {
  // The vectors of Apache Kafka's own UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Java computes', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('equals the client library for keys of every length, with bytes above 127', () => {
    for (let n = 0; n < 300; n++) {
      const key = Buffer.from('鍵é'.repeat(n).slice(0, n) + String(n * 7919));
      expect(murmur2(key)).toBe(kafkajsMurmur2(key));
    }
  });

  it('gives a partition within bounds, for negative hashes too', () => {
    expect(partitionOf(Buffer.from('21'), 4)).toBe((-973932308 & 0x7fffffff) % 4);
  });
});
