import { describe, expect, it } from '@jest/globals';
import { type CpuProfile, sharesByStage } from './gateway-stages.ts';

const node = (id: number, functionName: string, url: string, ...children: number[]) => ({
  id,
  callFrame: { functionName, url },
  children,
});
const source = 'file:///x/services/api-gateway/src';

const profile: CpuProfile = {
  startTime: 1_000_000,
  nodes: [
    node(1, '(root)', '', 2, 3, 9),
    node(2, '(idle)', ''),
    node(3, 'onStreamRead', 'node:internal/stream_base_commons', 4),
    node(4, 'take', `${source}/routes/receive.ts`, 5, 6),
    node(5, 'parseEvents', `${source}/body/parse-events.ts`, 7),
    node(6, 'check', '', 8),
    node(7, 'parse', ''),
    node(8, 'encode', 'file:///x/services/shared/highway/src/codec.ts'),
    node(9, '(garbage collector)', ''),
  ],
  samples: [7, 2, 7, 6, 8, 9, 3, 4, 7],
  timeDeltas: [100_000, 500_000, 200_000, 100_000, 300_000, 50_000, 10_000, 20_000, 400_000],
};

describe('CPU by stage', () => {
  it('belongs to the stage that called, without idle time and what lies outside of the stretch', () => {
    const shares = sharesByStage(profile, { fromMicros: 1_500_000, toMicros: 2_300_000 });
    const rounded = Object.entries(shares).map(([stage, value]) => [stage, Math.round(value * 680)]);
    expect(Object.fromEntries(rounded)).toEqual({
      parse: 200,
      check: 100,
      tokenise: 0,
      encode: 300,
      publish: 0,
      http: 30,
      'garbage collection': 50,
      other: 0,
    });
  });
});
