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

  /** The bug: a broker that was coming up ended a process for good, by "Cannot read properties of null". */
  it('of a stumble within kafkajs is away, and of the same within our code a fault of ours', () => {
    const error = new TypeError("Cannot read properties of null (reading 'topicMetadata')");
    expect(translate(error, 'test').code).toBe('ZT-HIGHWAY-UNEXPECTED');
    const frames = [
      'at listTopics (/x/node_modules/kafkajs/src/admin/index.js:103:13)',
      'at ours (/x/admin.ts:1:1)',
    ];
    error.stack = [`TypeError: ${error.message}`, ...frames.map((frame) => `    ${frame}`)].join('\n');
    expect(translate(error, 'test').code).toBe('ZT-HIGHWAY-AWAY');
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
