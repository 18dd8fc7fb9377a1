import { describe, expect, it } from 'vitest';
import { markdownTable, type Table, textTable } from '../../src/experiment/table.ts';

const table: Table = {
  title: 'Losses',
  columns: [{ title: 'optimizer' }, { title: 'loss', digits: 3 }, { title: 'state bytes' }],
  rows: [
    ['adamw', { mean: 1.7123, low: 1.7, high: 1.7246, n: 3 }, 1234567],
    ['a|b', { mean: 2, low: Number.NaN, high: Number.NaN, n: 1 }, null],
  ],
  note: '± is a 95 % interval.',
};

describe('tables', () => {
  it('as text, numbers to the right', () => {
    expect(textTable(table)).toMatchInlineSnapshot(`
      "Losses
      optimizer           loss  state bytes
      adamw      1.712 ± 0.012    1,234,567
      a|b                2.000            –
      ± is a 95 % interval."
    `);
  });

  it('as Markdown, with bars escaped', () => {
    expect(markdownTable(table)).toMatchInlineSnapshot(`
      "| optimizer | loss | state bytes |
      |---|---:|---:|
      | adamw | 1.712 ± 0.012 | 1,234,567 |
      | a\\|b | 2.000 | – |"
    `);
  });
});
