import { describe, expect, it } from '@jest/globals';
import { translate } from './broker-errors.ts';
import { HighwayError } from './errors.ts';

describe('translate', () => {
  it.each([
    [{ name: 'KafkaJSConnectionError', message: 'refused' }, 'ZT-HIGHWAY-AWAY', 'retryable'],
    [
      { name: 'KafkaJSProtocolError', type: 'NOT_LEADER_FOR_PARTITION', retriable: true },
      'ZT-HIGHWAY-AWAY',
      'retryable',
    ],
    [{ name: 'KafkaJSProtocolError', type: 'MESSAGE_TOO_LARGE' }, 'ZT-HIGHWAY-TOO-LARGE', 'bad_record'],
    [{ name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' }, 'ZT-HIGHWAY-DENIED', 'fatal'],
    [{ name: 'TypeError', message: 'a fault of ours' }, 'ZT-HIGHWAY-UNEXPECTED', 'fatal'],
  ])('of %o is %s', (foreign, code, failure) => {
    expect(translate(foreign, 'test')).toMatchObject({ code, failure });
  });

  it('looks through what the retrier wraps', () => {
    const wrapped = {
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: { name: 'KafkaJSConnectionClosedError', message: 'closed' },
    };
    expect(translate(wrapped, 'test').code).toBe('ZT-HIGHWAY-AWAY');
  });

  it('leaves our own errors as they are', () => {
    const own = new HighwayError('ZT-HIGHWAY-FULL', 'full');
    expect(translate(own, 'test')).toBe(own);
  });
});
