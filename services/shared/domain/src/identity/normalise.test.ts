import { describe, expect, it } from '@jest/globals';
import type { IdType } from '@zhongtai/schemas';
import fc from 'fast-check';
import { createNormaliser, identifierReasons, idTypes, isIdType, normalise } from '../index.ts';

const allTypes = Object.keys(idTypes).filter(isIdType);

describe('a phone number in any Taiwanese form becomes one E.164 number', () => {
  it.each([
    '0922111834',
    '0922-111-834',
    '0922 111 834',
    ' +886 922 111 834 ',
    '+886-922-111-834',
    '+886(0)922111834',
    '886922111834',
    '00886922111834',
    '０９２２１１１８３４',
    '＋８８６９２２１１１８３４',
    '0922\u3000111\u3000834',
    '0922–111–834',
  ])('%s', (text) => expect(normalise('phone', text)).toEqual({ ok: '+886922111834' }));

  it.each([
    ['(02) 2345-6789', '+886223456789'],
    ['04-22345678', '+886422345678'],
    ['0800-024-111', '+886800024111'],
    ['+1 (415) 555-2671', '+14155552671'],
    ['+81 90-1234-5678', '+819012345678'],
  ])('%s -> %s', (text, expected) => expect(normalise('phone', text)).toEqual({ ok: expected }));

  it.each([
    '12345',
    '922111834',
    '092211183',
    '09221118345',
    '+886 0',
    '+886922',
    '0922-111-83x',
    '02-23456789#12',
    '+12345678901234567',
  ])('refuses %s', (text) => expect(normalise('phone', text)).toEqual({ reason: 'ZT-ID-PHONE' }));
});

describe('other identifiers', () => {
  it.each<[IdType, string, string]>([
    ['email', '  Mei.Lin@Example.COM ', 'mei.lin@example.com'],
    ['email', 'ｍｅｉ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'mei@example.com'],
    ['mac', '3c-5a-b4-00-11-22', '3C:5A:B4:00:11:22'],
    ['mac', '3c5a.b400.1122', '3C:5A:B4:00:11:22'],
    ['cust_id', ' A-0007 ', 'A-0007'],
    ['line_id', 'U4af4980629aa', 'U4af4980629aa'],
    ['invoice_carrier', ' /ab+c.1- ', '/AB+C.1-'],
    ['invoice_carrier', 'TP03000001234567', 'TP03000001234567'],
    ['national_id', 'a123456789', 'A123456789'],
    ['cookie', '1234.5678', '1234.5678'],
  ])('%s %s -> %s', (type, text, expected) => expect(normalise(type, text)).toEqual({ ok: expected }));

  it.each<[IdType, string, string]>([
    ['email', 'mei.lin', 'ZT-ID-EMAIL'],
    ['email', 'a@b', 'ZT-ID-EMAIL'],
    ['email', 'a@b@c.tw', 'ZT-ID-EMAIL'],
    ['mac', '3C:5A:B4:00:11', 'ZT-ID-MAC'],
    ['mac', '01:00:5E:00:00:01', 'ZT-ID-MAC'],
    ['mac', 'DA:A1:19:00:00:01', 'ZT-ID-MAC-RANDOM'],
    ['mac', '00:00:00:00:00:00', 'ZT-ID-BLOCKED'],
    ['invoice_carrier', '/ABC', 'ZT-ID-CARRIER'],
    ['invoice_carrier', 'ῢ', 'ZT-ID-CARRIER'],
    ['national_id', '123', 'ZT-ID-NATIONAL'],
    ['cust_id', '   ', 'ZT-ID-EMPTY'],
    ['cust_id', 'x'.repeat(257), 'ZT-ID-LENGTH'],
    ['cust_id', 'a\u0000b', 'ZT-ID-TEXT'],
    ['cust_id', 'a\ud800b', 'ZT-ID-TEXT'],
  ])('%s %j is refused: %s', (type, text, reason) => expect(normalise(type, text)).toEqual({ reason }));
});

describe('values that stand for nobody', () => {
  it.each<[IdType, string]>([
    ['cust_id', '0000000000'],
    ['cust_id', '-1'],
    ['cust_id', 'NULL'],
    ['cookie', 'Anonymous'],
    ['device_id', '00000000-0000-0000-0000-000000000000'],
    ['device_id', 'test'],
    ['phone', '0000-000-000'],
    ['phone', '0912345678'],
    ['phone', '+886 912 345 678'],
    ['phone', '0988-888-888'],
    ['phone', '+886977777777'],
  ])('%s %s is blocked', (type, text) => expect(normalise(type, text)).toEqual({ reason: 'ZT-ID-BLOCKED' }));

  it('blocks the numbers and devices of the installation in every form', () => {
    const { normalise } = createNormaliser({
      blocked: { phone: ['02-2345-6789'], device_id: ['kiosk-7'] },
    });
    expect(normalise('phone', '+886 2 2345 6789')).toEqual({ reason: 'ZT-ID-BLOCKED' });
    expect(normalise('device_id', 'kiosk-7')).toEqual({ reason: 'ZT-ID-BLOCKED' });
    expect(normalise('cookie', 'kiosk-7')).toEqual({ ok: 'kiosk-7' });
  });

  it('keeps the event: only the identifier goes', () => {
    expect(identifierReasons['ZT-ID-BLOCKED'].effect).toBe('drop');
    expect(identifierReasons['ZT-ID-MAC-RANDOM'].effect).toBe('drop');
    expect(identifierReasons['ZT-ID-PHONE'].effect).toBe('refuse');
  });
});

describe('scopes', () => {
  const { identifier } = createNormaliser();
  it('keeps the issuer of a member number', () =>
    expect(identifier('cust_id', ' brand-a ', '7')).toEqual({
      ok: { idType: 'cust_id', scope: 'brand-a', value: '7' },
    }));
  it('means the same phone whoever says it', () =>
    expect(identifier('phone', 'brand-a', '0922111834')).toEqual({
      ok: { idType: 'phone', scope: '', value: '+886922111834' },
    }));
  it('refuses a scope with control characters', () =>
    expect(identifier('cust_id', 'a\u0007', '7')).toEqual({ reason: 'ZT-ID-TEXT' }));
});

describe('properties', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[+0-9０-９ ()./-]{0,18}$/),
    fc.emailAddress(),
  );
  it('normalising what is normalised changes nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allTypes), text, (type, value) => {
        const once = normalise(type, value);
        if ('ok' in once) expect(normalise(type, once.ok)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });
  it('holds for an e-mail address with any letter of the Basic Multilingual Plane', () => {
    const unstable: string[] = [];
    for (let code = 0x20; code < 0x10000; code += 1) {
      const once = normalise('email', `a${String.fromCodePoint(code)}@example.com`);
      if (!('ok' in once)) continue;
      const twice = normalise('email', once.ok);
      if (!('ok' in twice) || twice.ok !== once.ok) unstable.push(code.toString(16));
    }
    expect(unstable).toEqual([]);
  });
  it('gives one number for any way to write a mobile number', () => {
    const digits = fc
      .stringMatching(/^[0-9]{8}$/)
      .filter((rest) => !/^(\d)\1+$/.test(rest) && rest !== '12345678');
    const separators = fc.array(fc.constantFrom('', ' ', '-', '.', '\u3000'), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(
        digits,
        fc.constantFrom('0', '+886', '886', '00886', '+886 (0)'),
        separators,
        (rest, head, gaps) => {
          const written = head + [...`9${rest}`].map((digit, at) => digit + (gaps[at] ?? '')).join('');
          expect(normalise('phone', written)).toEqual({ ok: `+8869${rest}` });
        },
      ),
    );
  });
});
