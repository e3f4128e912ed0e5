import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactPageAddress, redactText } from '../index.ts';

describe('contact addresses in free text', () => {
  it.each([
    ['找 0922-111-834 的訂單', '找 [phone] 的訂單'],
    ['call +886 922 111 834 now', 'call [phone] now'],
    ['０９２２１１１８３４', '[phone]'],
    ['(02) 2345-6789', '[phone]'],
    ['mei.lin@example.com 訂單', '[email] 訂單'],
    ['U0123456789abcdef0123456789abcdef', '[line_id]'],
    ['A123456789', '[national_id]'],
    ['訂單.0922111834', '訂單.[phone]'],
    ['找我.0922-111-834', '找我.[phone]'],
    ['0922/111/834', '[phone]'],
    ['0922_111_834', '[phone]'],
    ['0922—111—834', '[phone]'],
    ['09\u200b22111834', '[phone]'],
    ['a\u00admy@example.tw', '[email]'],
    ['amy%40example.tw', '[email]'],
    ['%61%6D%79%40example%2Etw', '[email]'],
    ['amy%2540example.tw', '[email]'],
    ['amy％40example.tw', '[email]'],
    ['09%2022%20111%20834', '[phone]'],
    ['0922+111+834', '[phone]'],
    ['%2B886922111834', '[phone]'],
    ['%E6%89%BE%200922111834', '找 [phone]'],
  ])('%s -> %s', (text, expected) => expect(redactText(text)).toBe(expected));

  it.each([
    '牛奶 1L',
    '4710088412345',
    'iphone 16 256g',
    '$1,299',
    '2026-11-23',
    '/c/beverage/l2-0912',
    '衛生紙（12包）',
    '100% 純棉',
    '3.0912345678',
    '家庭👨\u200d👩',
    '%E7%89%9B%E5%A5%B6',
    '50%ff',
    'a @ b',
  ])('keeps %s as it is', (text) => expect(redactText(text)).toBe(text));

  it.each([
    ['a', 'a'],
    ['0', '0'],
    ['@', '@'],
    ['a@', 'a@'],
    ['a@a.', 'a.'],
    ['0 -', '0'],
    ['+8 -', '-'],
    ['%25', '%'],
    ['%', '2'],
    ['中', '中'],
    ['+1', '+1'],
    ['886-', '886-'],
    ['09', '09'],
    ['zero-width', 'a\u200b'],
    ['marks in two orders', '\u0301\u0316'],
    ['half-width marks', '\u0301\uff9e'],
    ['letters that grow', '\ufdfa'],
    ['letters that grow a little', '\u33c2'],
  ])('takes no time for the longest text of %s', (_name, piece) => {
    const text = piece.repeat(Math.ceil(32_768 / piece.length)).slice(0, 32_768);
    const startedAt = performance.now();
    redactText(text);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });

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

describe('the address of a page', () => {
  it.each([
    ['/login?email=amy%40example.tw', '/login'],
    ['https://shop.example/p/7?utm=x#/member/0922111834', 'https://shop.example/p/7'],
    ['/cart#top', '/cart'],
    ['/u/amy%40example.tw/orders', '/u/[email]/orders'],
    ['/tel/09%2022%20111%20834', '/tel/[phone]'],
    ['/c/%E7%89%9B%E5%A5%B6', '/c/%E7%89%9B%E5%A5%B6'],
    ['', ''],
  ])('%s -> %s', (address, expected) => expect(redactPageAddress(address)).toBe(expected));
});
