import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactText } from '../index.ts';

describe('contact addresses in free text', () => {
  it.each([
    ['找 0922-111-834 的訂單', '找 [phone] 的訂單'],
    ['call +886 922 111 834 now', 'call [phone] now'],
    ['０９２２１１１８３４', '[phone]'],
    ['(02) 2345-6789', '[phone]'],
    ['mei.lin@example.com 訂單', '[email] 訂單'],
    ['U0123456789abcdef0123456789abcdef', '[line_id]'],
    ['A123456789', '[national_id]'],
  ])('%s -> %s', (text, expected) => expect(redactText(text)).toBe(expected));

  it.each([
    '牛奶 1L',
    '4710088412345',
    'iphone 16 256g',
    '$1,299',
    '2026-11-23',
    '/c/beverage/l2-0912',
    '衛生紙（12包）',
  ])('keeps %s as it is', (text) => expect(redactText(text)).toBe(text));

  it('finds a mobile number in any text and way of writing', () => {
    const words = fc.stringMatching(/^[a-z 找訂單]{0,12}$/);
    const separator = fc.constantFrom('', ' ', '-');
    fc.assert(
      fc.property(words, words, fc.stringMatching(/^\d{8}$/), separator, (before, after, digits, gap) => {
        const phone = `09${digits.slice(0, 2)}${gap}${digits.slice(2, 5)}${gap}${digits.slice(5)}`;
        expect(redactText(`${before}${phone}${after}`)).not.toContain(digits.slice(5));
      }),
    );
  });
});
