import { describe, expect, it } from '@jest/globals';
import { ZhongtaiError } from './errors.ts';
import { untilReady } from './until-ready.ts';

function waiting(more: { sayEveryMs?: number; slowMs?: number; giveUpMs?: number } = {}) {
  const lines: unknown[] = [];
  const reasons: string[] = [];
  const ending = new AbortController();
  const options = {
    what: 'schema registry',
    address: 'http://someone:secret@registry:8081/path?key=secret',
    signal: ending.signal,
    logger: { warn: (line: unknown) => void lines.push(line) },
    pauseMs: 1,
    onWaiting: (reason: string) => void reasons.push(reason),
    ...more,
  };
  return { lines, reasons, ending, options };
}

const away = () => new ZhongtaiError('ZT-AWAY', 'retryable', 'x'.repeat(3000), { cause: new Error('deep') });

describe('untilReady', () => {
  it('says the first failure in one short line without a stack or a secret, and not the next forty', async () => {
    const { lines, reasons, options } = waiting();
    let attempts = 0;
    const result = await untilReady(async () => {
      if (++attempts <= 40) throw away();
      return 'there';
    }, options);
    expect(result).toBe('there');
    expect(lines).toEqual([
      {
        waitsFor: 'schema registry',
        address: 'http://registry:8081/path',
        code: 'ZT-AWAY',
        reason: `${'x'.repeat(200)}…`,
      },
    ]);
    expect(reasons).toHaveLength(40);
    expect(reasons[0]).toContain('waiting for schema registry at http://registry:8081/path: ');
  });

  it('says it again after a while', async () => {
    const { lines, options } = waiting({ sayEveryMs: 10 });
    let attempts = 0;
    await untilReady(async () => {
      await new Promise((resolve) => setTimeout(resolve, 12));
      if (++attempts <= 3) throw away();
    }, options);
    expect(lines).toHaveLength(3);
  });

  it('says what is waited for when nothing answers at all', async () => {
    const { lines, ending, options } = waiting({ slowMs: 5 });
    const hanging = untilReady(() => new Promise(() => {}), options);
    await new Promise((resolve) => setTimeout(resolve, 30));
    ending.abort();
    await expect(hanging).rejects.toThrow('aborted');
    expect(lines).toMatchObject([{ waitsFor: 'schema registry', reason: 'no answer yet' }]);
  });

  it('ends at once when it is told to, while a call hangs and between two', async () => {
    const { ending, options } = waiting();
    const hanging = untilReady(() => new Promise(() => {}), options);
    const pausing = untilReady(() => Promise.reject(away()), { ...options, pauseMs: 60_000 });
    await new Promise(setImmediate);
    ending.abort();
    await expect(hanging).rejects.toThrow('aborted');
    await expect(pausing).rejects.toThrow('aborted');
  });

  it('throws what does not pass, and gives up after its time', async () => {
    const { options } = waiting({ giveUpMs: 0 });
    const wrong = () => Promise.reject(new ZhongtaiError('ZT-WRONG', 'fatal', 'wrong'));
    await expect(untilReady(wrong, waiting().options)).rejects.toThrow('wrong');
    await expect(untilReady(() => Promise.reject(away()), options)).rejects.toThrow('xxx');
  });
});
