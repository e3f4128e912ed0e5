/**
 * 08 · Bad records
 *
 * A record that cannot be decoded, whose handler throws, or that the handler gives up by `deadLetter`, is set aside:
 * what it did is taken back, it goes to the dead letters with its place, stage and reason, in the same transaction,
 * and the next one has its turn. When of a task's records of a minute 100 or more, and more than 5 %, cannot be read or
 * make a handler throw, that is a bad deploy: the application stops in its process and says so. A failure that says
 * `retryable` is nobody's fault: the record waits.
 */
import { describe, expect, it } from '@jest/globals';
import { count, jsonSerde, type StreamTopic, stream, textSerde, topology } from '@zhongtai/streams';
import { drive } from '@zhongtai/streams/driver';

interface Payment {
  readonly amount: number;
}

const payments: StreamTopic<Payment> = { name: 'payments', partitions: 'P', serde: jsonSerde('payment') };
const receipts: StreamTopic<string> = { name: 'receipts', partitions: 'P', serde: textSerde };
const accepted = count<Payment>({ name: 'accepted' });

let isRegistryAway = false;
const accepting = topology('accepting', {
  order: 'free',
  parts: [
    accepted,
    stream(
      payments,
      ({ key, value }, context) => {
        accepted.add(context, key, value);
        context.emit(receipts, key, `thanks for ${value.amount}`);
        if (value.amount < 0) context.deadLetter('negative_amount', `nobody pays ${value.amount}`);
        if (value.amount === 0) throw new Error('division by zero');
        if (isRegistryAway) throw Object.assign(new Error('not reachable'), { failure: 'retryable' });
      },
      { name: 'accept', outputs: [receipts] },
    ),
  ],
});

describe('bad records', () => {
  it('leave no effect, and do not hold up the next', () => {
    const driver = drive(accepting);
    for (const amount of [5, -1, 0, 6]) driver.pipe(payments, 'p', { amount });
    expect(driver.read(receipts).map(({ value }) => value)).toEqual(['thanks for 5', 'thanks for 6']);
    expect(driver.store('accepted').get('p')).toBe(2);
  });

  it('are told with place, stage and reason', () => {
    const driver = drive(accepting);
    driver.pipe(payments, 'p', { amount: -1 });
    expect(driver.deadLetters()).toEqual([
      {
        topology: 'accepting',
        stage: 'accept',
        topic: 'payments',
        partition: 0,
        offset: 0,
        reason: 'negative_amount',
        message: 'nobody pays -1',
        key: 'p',
      },
    ]);
  });

  it('may be bytes that nobody can read', () => {
    const driver = drive(accepting);
    driver.pipeBytes(payments, 'p', Buffer.from('{'));
    driver.pipe(payments, 'p', { amount: 5 });
    expect(driver.deadLetters()).toHaveLength(1);
    expect(driver.read(receipts)).toHaveLength(1);
  });

  it('are no dead letters when it was not their fault: the record waits', () => {
    const driver = drive(accepting);
    isRegistryAway = true;
    expect(() => driver.pipe(payments, 'p', { amount: 5 })).toThrow('not reachable');
    isRegistryAway = false;
    driver.run();
    expect(driver.read(receipts)).toHaveLength(1);
    expect(driver.deadLetters()).toEqual([]);
  });

  it('stop the application when there are too many of them: that is a bad deploy', () => {
    const driver = drive(accepting);
    for (let n = 0; n < 200; n += 1) driver.queue(payments, `p-${n}`, { amount: 0 });
    expect(() => driver.run()).toThrow('200 of 200 records within a minute');
  });
});
