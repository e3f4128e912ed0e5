import { describe, expect, it } from '@jest/globals';
import { codeOf, isFailure, messageOf, ZhongtaiError } from './errors.ts';

describe('ZhongtaiError', () => {
  it('states its kind, keeps its cause and reads as one sentence', () => {
    const error = new ZhongtaiError('ZT-TEST', 'retryable', 'publish failed', {
      cause: new Error('socket closed'),
    });
    expect(isFailure(error, 'retryable')).toBe(true);
    expect(isFailure(error, 'fatal')).toBe(false);
    expect(messageOf(error)).toBe('publish failed: socket closed');
  });

  it('is recognised by shape, so that an error of another realm counts too', () => {
    expect(isFailure({ failure: 'fatal', code: 'ZT-X', message: 'x' }, 'fatal')).toBe(true);
    expect(isFailure('fatal', 'fatal')).toBe(false);
    expect(messageOf('plain text')).toBe('plain text');
  });

  it('has a code that is found on anything thrown', () => {
    expect(codeOf(new ZhongtaiError('ZT-TEST', 'fatal', 'x'))).toBe('ZT-TEST');
    expect(codeOf({ code: 'ENOENT' })).toBe('ENOENT');
    for (const without of [{ code: 7 }, {}, null, undefined, 'ENOENT'])
      expect(codeOf(without)).toBeUndefined();
  });

  it('says a thing once, however often a client wrapped it', () => {
    const refused = new Error('connect ECONNREFUSED');
    const wrapped = new Error('Connection error: connect ECONNREFUSED', { cause: refused });
    const again = new Error('Connection error: connect ECONNREFUSED', { cause: wrapped });
    expect(messageOf(new Error('ensure topics', { cause: again }))).toBe(
      'ensure topics: Connection error: connect ECONNREFUSED',
    );
  });
});
