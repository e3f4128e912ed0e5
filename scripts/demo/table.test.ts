import { describe, expect, it } from '@jest/globals';
import { renderTable, widthOf } from './table.ts';

describe('renderTable', () => {
  it('lines up columns although Chinese characters are two columns wide', () => {
    expect(widthOf('送出 sent')).toBe(9);
    expect(
      renderTable([
        ['', 'n'],
        ['遺失 lost', '0'],
        ['rows', '1,200'],
      ]),
    ).toBe(['                n', '─────────────────', '遺失 lost       0', 'rows        1,200'].join('\n'));
  });
});
