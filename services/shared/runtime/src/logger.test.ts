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
});
