import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../methods/efficient-bert/index.ts';
import {
  chainedOutput,
  type KeyInputs,
  randomKeyInputs,
  roundedSumKey,
  significantKey,
} from '../../../methods/efficient-bert/search/duplicate-key.ts';
import { SearchSpace, sizeIndex, sizeOf } from '../../../methods/efficient-bert/search/index.ts';
import { plainValue } from '../../../methods/efficient-bert/search/plain-expression.ts';
import { FOUND, lattice } from '../fixtures.ts';
import { smallProblem } from './landscape.ts';
import { STAGE_2_WINNER } from './published.ts';

/** The golden numbers: layer l = 1 to 6, s = 5k + q. */
const LATTICE: KeyInputs = {
  x: Float64Array.from(lattice(2 * 3 * 4, 7, 0)),
  weights: (layer, size) => {
    const l = layer + 1;
    const s = 5 * (Math.floor(size / 4) + 1) + ((size % 4) + 1);
    return {
      wb1: { weight: lattice(16, 3, l + s), bias: lattice(4, 5, l) },
      wb2: { weight: lattice(16, 4, 2 * l + s), bias: lattice(4, 2, l + s) },
    };
  },
};
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
const outputOf = (row: readonly string[], sizes?: readonly number[]) => {
  const layers = row.map(parseExpression);
  const own = layers.map((layer) => sizeIndex(sizeOf(layer) as NonNullable<ReturnType<typeof sizeOf>>));
  return chainedOutput(layers, sizes ?? own, LATTICE);
};

describe('the key of an architecture', () => {
  it('has the golden sums', () => {
    expect(sum(outputOf(FOUND))).toBeCloseTo(4.14681126, 8);
    expect(roundedSumKey(outputOf(FOUND))).toBe('4.15');
    const plain = new Array<string>(6).fill('linear1_1(gelu(linear1_1(x,wb1)),wb2)');
    expect(sum(outputOf(plain))).toBeCloseTo(-4.25038466, 8);
    expect(roundedSumKey(outputOf(plain))).toBe('-4.25');
    const everywhere = new Array<number>(6).fill(0); // the matrices of 1_1
    expect(sum(outputOf(STAGE_2_WINNER, everywhere))).toBeCloseTo(1.20554527, 8);
    expect(roundedSumKey(outputOf(STAGE_2_WINNER, everywhere))).toBe('1.21');
  });

  it('does not change with the order of arguments', () => {
    const swapped = FOUND.map((text) => text.replace('max(x,tanh(x))', 'max(tanh(x),x)'));
    expect(swapped).not.toEqual(FOUND);
    for (const key of [roundedSumKey, significantKey]) {
      expect(key(outputOf(swapped))).toBe(key(outputOf(FOUND)));
      expect(key(outputOf(FOUND.slice(0, 5)))).not.toBe(key(outputOf(FOUND)));
    }
  });

  it('rounds halves to even', () => {
    const key = (value: number) => roundedSumKey(Float64Array.of(value));
    // 0.125 and 0.375 are exact in binary.
    expect([key(0.125), key(0.375), key(-0.125), key(2.004), key(1e20)]).toEqual([
      '0.12',
      '0.38',
      '-0.12',
      '2',
      '100000000000000000000',
    ]);
  });

  it('is one for all that overflow in the authors’ way, and none here', () => {
    const overflows = (from: string) => {
      const rows = [1, 2, 3, 4, 5, 6].map(() => from);
      const inputs = randomKeyInputs(0, { rows: 40, width: 12, scale: 1, precision: 'float32' });
      return chainedOutput(rows.map(parseExpression), [0, 0, 0, 0, 0, 0], inputs);
    };
    const one = overflows('linear1_1(mul(linear1_1(x,wb1),mul(x,elu(x))),wb2)');
    const other = overflows('linear1_1(mul(linear1_1(x,wb1),mul(x,swish(x))),wb2)');
    expect(roundedSumKey(one)).toBe('NaN');
    expect(roundedSumKey(other)).toBe('NaN');
    expect(significantKey(one)).toBeUndefined();
    expect(roundedSumKey(Float32Array.of(Number.NEGATIVE_INFINITY))).toBe('-Infinity');
  });

  it('tells sizes apart, but not in the second stage', () => {
    const [one, other] = ['1_1', '4_3'].map((size) =>
      [1, 2, 3].map(() => parseExpression(`linear${size}(gelu(linear${size}(x,wb1)),wb2)`)),
    ) as [ReturnType<typeof parseExpression>[], ReturnType<typeof parseExpression>[]];
    const first = new SearchSpace(smallProblem('stage-1', 'mended'));
    expect(first.duplicateKey(one)).not.toBe(first.duplicateKey(other));
    const second = new SearchSpace(smallProblem('stage-2', 'mended'));
    expect(second.duplicateKey(one)).toBe(second.duplicateKey(other));
  });
});

describe('plainValue', () => {
  // The authors' modules, executed.
  it.each([
    ['gelu', [-0.0454023, -0.15428599, 0, 0.34571401, 1.95459769]],
    ['leaky_relu', [-0.02, -0.005, 0, 0.5, 2]],
    ['elu', [-0.86466472, -0.39346934, 0, 0.5, 2]],
    ['swish', [-0.23840584, -0.18877033, 0, 0.31122967, 1.76159416]],
  ])('%s', (name, expected) => {
    const values = plainValue(
      parseExpression(`${name}(x)`),
      Float64Array.of(-2, -0.5, 0, 0.5, 2),
      LATTICE.weights(0, 0),
    );
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] as number, 6);
  });
});
