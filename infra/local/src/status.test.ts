import { describe, expect, it } from '@jest/globals';
import { parseState } from './state.ts';
import { tableOf } from './status.ts';

describe('the table of make status', () => {
  it('aligns words left and numbers right', () => {
    expect(
      tableOf([
        ['part', 'MB'],
        ['kafka', 512],
        ['up', 7],
      ]),
    ).toBe('part   MB\nkafka  512\nup       7');
  });
});

describe('the notes of a supervisor', () => {
  const part = {
    name: 'kafka',
    phase: 'up',
    address: '127.0.0.1:1',
    port: 1,
    log: 'l',
    pid: 2,
    birth: '3',
    restarts: 0,
  };

  it('are read as they were written', () => {
    const state = { pid: 1, birth: '2', parts: [part] };
    expect(parseState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it('of another version are as good as none', () => {
    expect(parseState({ supervisor: 1 })).toBeUndefined();
    expect(parseState({ pid: 1, birth: '2', parts: [{ ...part, phase: 'dreaming' }] })?.parts).toEqual([]);
  });
});
