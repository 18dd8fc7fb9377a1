import { describe, expect, it } from 'vitest';
import {
  EXPANSION_RATIOS,
  type Expression,
  expressionHeight,
  expressionSize,
  parseExpression,
  parseExpressions,
  printExpression,
} from '../../methods/efficient-bert/index.ts';
import { UserError } from '../../src/errors.ts';
import { FOUND } from './fixtures.ts';
import golden from './golden.json' with { type: 'json' };

const X: Expression = { kind: 'input' };

function messageOf(text: string, parse: (text: string) => unknown = parseExpression): string {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error(`'${text}' was parsed`);
}

describe('parseExpression', () => {
  it('makes a tree with the sizes as fields', () => {
    const size = { stackedFfn: 4, expansionRatio: 1 / 3 };
    expect(parseExpression('linear4_3(max(x,tanh(x)),wb2)')).toEqual({
      kind: 'linear',
      size,
      weights: 'wb2',
      input: {
        kind: 'combination',
        name: 'max',
        left: X,
        right: { kind: 'activation', name: 'tanh', input: X },
      },
    });
    expect(parseExpression('linear(x,wb1)')).toEqual({
      kind: 'linear',
      size: undefined,
      weights: 'wb1',
      input: X,
    });
  });

  it('round-trips canonical strings, and takes blanks anywhere between words', () => {
    const typed = golden.legal.filter(({ expr }) => expr !== 'linear1_1(gelu(linear1_1(x,x)),wb2)');
    for (const { expr } of [...typed, ...golden.expr, { expr: 'linear(swish(linear(x,wb1)),wb2)' }]) {
      expect(printExpression(parseExpression(expr))).toBe(expr);
      expect(printExpression(parseExpression(` ${expr.replace(/([(),])/g, '\t$1\n ')}`))).toBe(expr);
    }
  });

  it('round-trips every name of a linear', () => {
    for (const k of [1, 2, 3, 4])
      for (const q of [1, 2, 3, 4]) {
        const text = `linear${k}_${q}(x,wb1)`;
        const tree = parseExpression(text);
        expect(tree).toMatchObject({
          size: { stackedFfn: k, expansionRatio: EXPANSION_RATIOS[q - 1] },
        });
        expect(printExpression(tree)).toBe(text);
      }
  });

  it.each([
    ['', 1, 'expected an expression, got the end'],
    ['gelu', 5, "expected '(', got the end"],
    ['gelu()', 6, "expected an expression, got ')'"],
    ['gelu(x', 7, "expected ')', got the end"],
    ['gelu(x,x)', 7, "expected ')', got ','"],
    ['add(x)', 6, "expected ',', got ')'"],
    ['gelu(x))', 8, "expected the end, got ')'"],
    ['x x', 3, "expected the end, got 'x'"],
    ['gelu(geluu(x))', 6, "expected an expression, got 'geluu'; known are x, linear1_1"],
    ['linear5_1(x,wb1)', 1, "got 'linear5_1'; a linear is linear1_1 to linear4_4"],
    ['linear1_1(x,x)', 13, "the second argument of a linear is wb1 or wb2, got 'x'"],
    ['mul(linear1_1(x,wb1),wb2)', 22, "got 'wb2'; wb2 is the second argument of a linear, not a tensor"],
    ['gelu(x)\u0000', 8, 'expected the end'],
    ['  \n tanh(😀)', 10, "got '😀'"],
    ['constructor(x)', 1, "got 'constructor'"],
  ])('points at the column of the mistake in %j', (text, column, problem) => {
    const message = messageOf(text);
    expect(message).toContain(`column ${column}: `);
    expect(message).toContain(problem);
    const [, shown, caret] = message.split('\n') as [string, string, string];
    expect(caret.indexOf('^')).toBe(column + 1); // both indented by two
    expect(shown.slice(2)).toBe(text.replace(/\s/g, ' '));
  });

  it('bounds nesting, and shows only the surroundings of a mistake in a long text', () => {
    const deepest = `${'gelu('.repeat(90)}x${')'.repeat(90)}`;
    expect(printExpression(parseExpression(deepest))).toBe(deepest);
    expect(messageOf('gelu('.repeat(100_000))).toContain('column 456: more than 90 levels');
    expect(messageOf(`tanh(x)${' '.repeat(100_000)}!`).length).toBeLessThan(300);
  });
});

describe('parseExpressions', () => {
  it('reads the layers with blanks, commas or both between them', () => {
    for (const separator of [' ', ', ', ',', ' \n'])
      expect(parseExpressions(FOUND.join(separator)).map(printExpression)).toEqual(FOUND);
    const printedByDeap = FOUND.map((text) => text.replaceAll(',', ', ')).join(', ');
    expect(parseExpressions(printedByDeap).map(printExpression)).toEqual(FOUND);
  });

  it('points at what is wrong between them', () => {
    expect(messageOf('x,', parseExpressions)).toContain('column 3: expected an expression, got the end');
    expect(messageOf('gelu(x)gelu(x)', parseExpressions)).toContain('column 8: expected a blank, a comma');
  });
});

describe('a tree', () => {
  it.each(golden.legal)('has the authors’ height and size: $expr', (row) => {
    // Not a tree: its linear has a tensor for weights.
    if (row.expr === 'linear1_1(gelu(linear1_1(x,x)),wb2)')
      return expect(() => parseExpression(row.expr)).toThrow();
    const tree = parseExpression(row.expr);
    expect([expressionHeight(tree), expressionSize(tree)]).toEqual([row.height, row.size]);
  });

  it('golden check 7: of the found architecture has heights 4, 4, 4, 5, 4, 4 and sizes 7, 7, 7, 9, 8, 7', () => {
    const trees = FOUND.map(parseExpression);
    expect(trees.map(expressionHeight)).toEqual([4, 4, 4, 5, 4, 4]);
    expect(trees.map(expressionSize)).toEqual([7, 7, 7, 9, 8, 7]);
  });

  it('with a size that has no name cannot be printed', () => {
    const size = { stackedFfn: 1, expansionRatio: 0.3 };
    const tree: Expression = { kind: 'linear', input: X, weights: 'wb1', size };
    expect(() => printExpression(tree)).toThrow(/1 stacked networks and expansion ratio 0.3/);
    expect(() => printExpression({ ...tree, size: { stackedFfn: 5, expansionRatio: 1 } })).toThrow(UserError);
  });
});
