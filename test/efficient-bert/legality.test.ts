import { describe, expect, it } from 'vitest';
import { outputWidth, parseExpression, refusalsOf } from '../../methods/efficient-bert/index.ts';
import { FOUND } from './fixtures.ts';
import golden from './golden.json' with { type: 'json' };

const rules = (text: string) => refusalsOf(text).map(({ rule }) => rule);

describe('refusalsOf', () => {
  it.each(golden.legal)('golden check 8: agrees with the authors’ test on $expr', ({ expr, legal }) => {
    expect(refusalsOf(expr).length === 0).toBe(legal);
  });

  it.each([
    ['linear1_1(linear1_1(x,wb1),wb2)', ['height', 'linears']],
    ['gelu(linear1_1(x,wb1))', ['height', 'weights']],
    ['linear1_1(gelu(linear1_2(x,wb1)),wb2)', ['linears']],
    ['linear1_1(gelu(linear(x,wb1)),wb2)', ['linears']],
    ['linear1_1(gelu(linear1_1(x,wb2)),wb1)', ['weights']],
    ['linear1_1(gelu(linear1_1(x,wb1)),wb1)', ['weights']],
    ['linear1_1(gelu(relu(linear1_1(x,wb1))),wb2)', ['activations']],
    ['linear1_1(max(linear1_1(add(x,x),wb1),x),wb2)', ['arguments']],
    ['gelu(tanh(add(max(x,x),mul(x,x))))', ['weights', 'activations', 'arguments', 'arguments']],
    ['linear1_1(mul(linear1_1(x,wb1),wb2),wb2)', ['syntax']],
    // Equal arguments that hold a comma pass, as in the authors' pattern.
    ['linear1_1(add(linear1_1(add(mul(x,tanh(x)),mul(x,tanh(x))),wb1),x),wb2)', []],
    ['linear(gelu(linear(x,wb1)),wb2)', []],
  ])('says why: %s', (text, expected) => {
    expect(rules(text)).toEqual(expected);
  });

  it('takes heights 3 to 7, or the range that it is given', () => {
    const nested = (levels: number) => `${'add(x,'.repeat(levels)}tanh(x)${')'.repeat(levels)}`;
    const text = (levels: number) => `linear1_1(gelu(linear1_1(${nested(levels)},wb1)),wb2)`; // height levels + 4
    expect(rules(text(3))).toEqual([]);
    expect(refusalsOf(text(5))).toEqual([{ rule: 'height', reason: 'The height is 9; it must be 3 to 7.' }]);
    expect(refusalsOf(text(5), { min: 3, max: 9 })).toEqual([]);
    expect(refusalsOf('linear1_1(gelu(linear1_1(x,wb1)),wb2)', { min: 4, max: 7 })).toHaveLength(1);
  });

  it('golden check 7: the found expressions are legal, as trees as well as texts', () => {
    for (const text of FOUND) expect(refusalsOf(parseExpression(text))).toEqual([]);
  });
});

describe('outputWidth', () => {
  const widthOf = (text: string, expanded: number, rule: 'min' | 'max' = 'min') =>
    outputWidth(parseExpression(text), { width: 4, expanded, rule });

  it('is H for the found expressions', () => {
    for (const text of FOUND) for (const expanded of [1, 2, 4]) expect(widthOf(text, expanded)).toBe(4);
    for (const text of FOUND) expect(widthOf(text, 6, 'max')).toBe(4);
  });

  it('follows the width rule', () => {
    expect(widthOf('add(x,linear1_2(x,wb1))', 2)).toBe(2);
    expect(widthOf('add(x,linear1_2(x,wb1))', 2, 'max')).toBe(4);
  });

  it('refuses a legal tree whose widths do not fit', () => {
    const parallel = 'gelu(add(linear1_2(x,wb1),linear1_2(x,wb2)))';
    expect(refusalsOf(parallel)).toEqual([]);
    expect(widthOf(parallel, 4)).toBe(4);
    expect(() => widthOf(parallel, 2)).toThrow('wb2 takes 2 channels, but gets 4 in linear1_2(x,wb2)');
    // Gating by x where x is narrower: the reason for the other width rule.
    expect(() => widthOf(FOUND[4], 6)).toThrow('wb2 takes 6 channels, but gets 4');
  });
});
