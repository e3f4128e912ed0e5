import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';

describe('createLogger', () => {
  it('writes constant sentences with fields and redacts what must not be seen', () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 'gateway', destination: { write: (line) => lines.push(line) } });
    logger.info(
      { event_id: 'e1', phone: '+886922111834', request: { authorization: 'Bearer x' } },
      'event stored',
    );
    const line = JSON.parse(lines[0] ?? '{}');
    expect(line).toMatchObject({ name: 'gateway', msg: 'event stored', event_id: 'e1', phone: '[redacted]' });
    expect(lines[0]).not.toContain('Bearer x');
    expect(lines[0]).not.toContain('922111834');
  });

  it('redacts at any depth, in lists, in bound fields and in what an error carries', () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 'gateway', destination: { write: (line) => lines.push(line) } });
    const circle: Record<string, unknown> = { phone: '+886922111834' };
    circle['again'] = circle;
    const details = { at: { deep: [{ deeper: { email: 'amy@example.tw', id: 7 } }] } };
    const cause = Object.assign(new Error('inner'), { request: { headers: { Authorization: 'Bearer x' } } });
    const err = Object.assign(new Error('outer', { cause }), { code: 'ZT-TEST', details });
    logger
      .child({ caller: { phone: '+886922111834' } })
      .error({ err, details, circle, at: new Date(0) }, 'refused');
    for (const clear of ['922111834', 'amy@example.tw', 'Bearer x']) expect(lines[0]).not.toContain(clear);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      msg: 'refused',
      err: { type: 'Error', message: 'outer: inner', code: 'ZT-TEST', stack: expect.any(String) },
      details: { at: { deep: [{ deeper: { email: '[redacted]', id: 7 } }] } },
      circle: { again: '[circular]' },
      at: '1970-01-01T00:00:00.000Z',
    });
  });
});
