import { describe, expect, it } from '@jest/globals';
import { createScanner } from './scanner.ts';

function find(text: string, ...planted: string[]) {
  const scanner = createScanner(planted);
  scanner.scan(text, 'here');
  return scanner.findings;
}

describe('the scanner', () => {
  it.each([
    ['a phone', 'x0912345678y', '0912345678'],
    ['a phone in its international form', 'tel=+886912345678', '0912345678'],
    ['a phone with dashes', '0912-345-678', '0912345678'],
    ['an e-mail address', 'to a.b@planted.example now', 'A.B@planted.example'],
    ['an e-mail address in a URL', '?m=ab%40planted.example', 'ab@planted.example'],
    ['a LINE id', `id:U${'0f'.repeat(16)}`, `U${'0f'.repeat(16)}`],
    ['a member number', '{"cust_id":"MBR000000017"}', 'MBR000000017'],
  ])('finds %s that was planted', (_what, text, planted) => {
    expect(find(text, planted)).toMatchObject([{ where: 'here', kind: 'planted' }]);
  });

  it.each([
    ['phone', '"0987654321"'],
    ['e-mail address', 'mail someone@example.com.'],
    ['LINE id', `U${'a1'.repeat(16)}`],
  ])('finds any other %s by its form', (_what, text) => {
    expect(find(text)).toMatchObject([{ kind: 'pattern' }]);
  });

  it.each([
    ['tokens', 'q0912345678QAbcdefghi_'],
    ['UUIDs', '61f0c404-5cb3-41e7-907b-0912345678d3'],
    ['times', '1790912345678'],
    ['npm packages', '@kafkajs/confluent-schema-registry@4.1.0'],
  ])('takes %s for no identifiers', (_what, text) => {
    expect(find(text)).toEqual([]);
  });

  // The bug: among millions of times one had a planted phone's digits in it.
  it('takes a longer number for no phone, though it has the digits of a planted one', () => {
    expect(find('{"event_time":1490950123456}', '0950123456')).toEqual([]);
  });

  it('does not repeat the value that it found', () => {
    expect(JSON.stringify(find('0912345678', '0912345678'))).not.toContain('0912345678');
  });
});
