import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  ACTIVATIONS,
  type Combination,
  combine,
  evaluateExpression,
  expandedWidth,
  linearsOf,
  parseExpression,
  type WidthRule,
} from '../../methods/efficient-bert/index.ts';
import { evaluate } from '../oracle/efficient-bert/ffn.ts';
import type { Matrix, Vector } from '../oracle/nn/functions.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { expectInBothForms } from './both-forms.ts';
import { FOUND, lattice, matrix } from './fixtures.ts';
import golden from './golden.json' with { type: 'json' };

const H = 4;
const X = lattice(2 * H, 7, 0); // [2, 4]

/** The weights of the golden numbers, in their layout [in, out]. */
function latticeWeights(e: number) {
  return {
    W1: lattice(H * e, 3, 1),
    b1: lattice(e, 5, 2),
    W2: lattice(e * H, 4, 3),
    b2: lattice(H, 2, 4),
  };
}

/** Evaluates a text at the golden inputs. */
function evaluateAt(text: string, e: number, rule: WidthRule): tf.Tensor2D {
  return tf.tidy(() => evaluateOf(text, e, rule, tf.tensor2d(X, [2, H])));
}

function evaluateOf(text: string, e: number, rule: WidthRule, x: tf.Tensor2D): tf.Tensor2D {
  const { W1, b1, W2, b2 } = latticeWeights(e);
  return tf.tidy(() => {
    const wb1 = { weight: tf.tensor2d(W1, [H, e]), bias: tf.tensor1d(b1) };
    const wb2 = { weight: tf.tensor2d(W2, [e, H]), bias: tf.tensor1d(b2) };
    return evaluateExpression(parseExpression(text), x, { wb1, wb2 }, rule);
  });
}

function oracleAt(text: string, e: number, rule: WidthRule): Matrix {
  const { W1, b1, W2, b2 } = latticeWeights(e);
  const wb1 = { weight: matrix(W1, e), bias: b1 };
  return evaluate(text, matrix(X, H), wb1, { weight: matrix(W2, H), bias: b2 }, rule);
}

/** Central differences of a loss in float64, by every element of one of its arguments: h = 1e-6 errs by about 1e-10. */
function finiteDifferences(
  loss: (values: readonly number[][]) => number,
  values: readonly number[][],
  by: number,
): number[] {
  const h = 1e-6;
  const at = (element: number, shift: number) =>
    loss(values.map((list, i) => list.map((v, j) => (i === by && j === element ? v + shift : v))));
  return (values[by] as number[]).map((_, j) => (at(j, h) - at(j, -h)) / (2 * h));
}

describe('golden checks 11 and 12: values of expressions, eager and captured', () => {
  const at = (text: string, e: number, rule: WidthRule) => (x: tf.Tensor2D) => evaluateOf(text, e, rule, x);
  const first = (text: string, e: number, rule: WidthRule) => (x: tf.Tensor2D) =>
    tf.tidy(() => tf.slice(evaluateOf(text, e, rule, x), [0, 0], [1, H]));
  const input = () => tf.tensor2d(X, [2, H]);

  it.each(golden.expr)('golden check 11, 12: $mode $expr', async ({ expr, mode, F, e, out }) => {
    const [linear] = linearsOf(parseExpression(expr));
    expect(expandedWidth(F, linear?.size?.expansionRatio as number)).toBe(e);
    // Two products in a row.
    await expectInBothForms(at(expr, e, mode as WidthRule), input(), out, tolerance(2));
  });

  // The first of two rows. The first pads a product, the second a maximum.
  it.each([
    [FOUND[4], [-0.1488, 0.1055, 0.285, 0.4832]],
    ['linear1_2(max(linear1_2(x,wb1),x),wb2)', [0.174, -0.304, 0.285, 0.797]],
  ])('golden check 12: max %s', async (text, expected) => {
    await expectInBothForms(first(text, 6, 'max'), input(), expected, tolerance(2));
  });

  it('golden check 11, by hand: the fifth expression at e = 2', async () => {
    // x = [−.5, .2, −.2, .5]; x·W₁ + b₁ = [.15, .1]; times the first two of x [−.075, .02]; relu [0, .02];
    // .02 · [.3, −.4, 0, .4] + [−.1, .1, .3, .5].
    await expectInBothForms(first(FOUND[4], 2, 'min'), input(), [-0.094, 0.092, 0.3, 0.508]);
  });
});

describe('activations', () => {
  const POINTS = [-2, -0.5, 0, 0.5, 2];
  const row = (points: Vector) => tf.tensor2d([...points], [1, points.length]);
  const activated = (name: string) => (x: tf.Tensor2D) =>
    tf.tidy(() => {
      const nothing = { weight: tf.zeros([1, 1]) as tf.Tensor2D, bias: tf.zeros([1]) as tf.Tensor1D };
      return evaluateExpression(parseExpression(`${name}(x)`), x, { wb1: nothing, wb2: nothing }, 'min');
    });
  const at = (name: string, points: Vector) => activated(name)(row(points));
  const none = { weight: [], bias: [] };

  it.each([
    ['gelu', [-0.04540231, -0.15428599, 0, 0.34571401, 1.95459769]],
    ['leaky_relu', [-0.02, -0.005, 0, 0.5, 2]],
    ['elu', [-0.86466472, -0.39346934, 0, 0.5, 2]],
    ['swish', [-0.23840584, -0.18877033, 0, 0.31122967, 1.76159416]],
  ])('golden check 9: %s as in PyTorch, eager and captured', async (name, expected) => {
    await expectInBothForms(activated(name), row(POINTS), expected);
  });

  it.each(ACTIVATIONS)('%s equals the oracle, far out too, and has its gradient', async (name) => {
    const points = [-30, -9, -3.1, -0.7, -1e-3, 0, 1e-3, 0.4, 1.9, 8, 30];
    await expectAllClose(at(name, points), evaluate(`${name}(x)`, [points], none, none, 'min'));
    const smooth = tf.tensor2d([[-3.1, -0.7, -0.2, 0.3, 1.9]]); // none within two steps of the kinks at 0
    const nothing = { weight: tf.zeros([1, 1]) as tf.Tensor2D, bias: tf.zeros([1]) as tf.Tensor1D };
    const f = (x?: tf.Tensor) =>
      evaluateExpression(
        parseExpression(`${name}(x)`),
        x as tf.Tensor2D,
        { wb1: nothing, wb2: nothing },
        'min',
      );
    await expectGradientsMatch(f, [smooth]);
  });
});

describe('combine', () => {
  const left = [1, -2, 3];
  const right = [0.5, -4, -1, 2, -3];
  const both = (): [tf.Tensor2D, tf.Tensor2D] => [tf.tensor2d([left]), tf.tensor2d([right])];

  it.each<[Combination, WidthRule, number[]]>([
    ['add', 'min', [1.5, -6, 2]],
    ['mul', 'min', [0.5, 8, -3]],
    ['max', 'min', [1, -2, 3]],
    ['add', 'max', [1.5, -6, 2, 2, -3]],
    ['mul', 'max', [0.5, 8, -3, 2, -3]],
    ['max', 'max', [1, -2, 3, 2, -1e-10]],
  ])(
    'golden check 10: %s with width rule %s, in either order, eager and captured',
    async (name, rule, expected) => {
      const [a, b] = both();
      for (const result of [combine(name, a, b, rule), combine(name, b, a, rule)]) {
        expect(result.shape).toEqual([1, expected.length]);
        await expectAllClose(result, expected);
      }
      const combined = (l: tf.Tensor2D) => tf.tidy(() => combine(name, l, tf.tensor2d([right]), rule));
      await expectInBothForms(combined, a, expected);
      await expectGradientsMatch((l, r) => combine(name, l as tf.Tensor2D, r as tf.Tensor2D, rule), both());
    },
  );
});

it('fills a maximum with −1e−10 to the bit, which the tolerance above cannot tell from 0', async () => {
  const padded = combine('max', tf.tensor2d([[1]]), tf.tensor2d([[0, -1]]), 'max');
  expect(Array.from(await padded.data())).toEqual([1, Math.fround(-1e-10)]);
});

describe('evaluateExpression', () => {
  const TREES = [
    ...FOUND,
    'linear1_1(swish(add(linear1_1(mul(x,sigmoid(x)),wb1),x)),wb2)',
    'linear3_4(leaky_relu(max(elu(x),linear3_4(add(x,tanh(x)),wb1))),wb2)',
  ];

  it.each(TREES)('equals the oracle with both width rules: %s', async (text) => {
    const [ratio] = linearsOf(parseExpression(text)).map(({ size }) => size?.expansionRatio as number);
    const narrow = expandedWidth(H, ratio as number);
    await expectAllClose(evaluateAt(text, narrow, 'min'), oracleAt(text, narrow, 'min').flat(), tolerance(2));
    const wide = expandedWidth(24, ratio as number); // six at the least, wider than x
    await expectAllClose(evaluateAt(text, wide, 'max'), oracleAt(text, wide, 'max').flat(), tolerance(2));
  });

  it.each(TREES)('has the gradients of x and of all weights: %s', async (text) => {
    const tree = parseExpression(text);
    for (const [e, rule] of [
      [text.includes('1_1') || text.includes('2_1') ? 4 : 3, 'min'],
      [6, 'max'],
    ] as const) {
      const { W1, b1, W2, b2 } = latticeWeights(e);
      // Off the lattice, where arguments of max can be equal and those of relu 0. In float32, for both sides alike.
      const moved = (values: readonly number[]) =>
        values.map((value, i) => Math.fround(value + 0.03 * Math.sin(1 + 3 * i)));
      const values = [X, W1, b1, W2, b2].map(moved);
      const shapes = [[2, H], [H, e], [e], [e, H], [H]];
      const random = Array.from({ length: 2 * H }, (_, i) => Math.cos(2 + 5 * i));
      const loss = (...[x, w1, v1, w2, v2]: tf.Tensor[]) => {
        const wb1 = { weight: w1 as tf.Tensor2D, bias: v1 as tf.Tensor1D };
        const wb2 = { weight: w2 as tf.Tensor2D, bias: v2 as tf.Tensor1D };
        const value = evaluateExpression(tree, x as tf.Tensor2D, { wb1, wb2 }, rule);
        return value
          .mul(tf.tensor2d(random, [2, H]))
          .sum()
          .asScalar();
      };
      const gradients = tf.grads(loss)(values.map((list, i) => tf.tensor(list, shapes[i] as number[])));
      const oracleLoss = ([x, w1, v1, w2, v2]: readonly number[][]) => {
        const wb1 = { weight: matrix(w1 as number[], e), bias: v1 as number[] };
        const wb2 = { weight: matrix(w2 as number[], H), bias: v2 as number[] };
        const value = evaluate(text, matrix(x as number[], H), wb1, wb2, rule).flat();
        return value.reduce((sum, y, i) => sum + y * (random[i] as number), 0);
      };
      for (const [i, gradient] of gradients.entries()) {
        await expectAllClose(gradient, finiteDifferences(oracleLoss, values, i), tolerance(10));
      }
    }
  });

  it('returns a tensor of its own and leaves nothing behind', async () => {
    await expectNoLeak(() => {
      for (const text of ['x', ...TREES]) evaluateAt(text, 4, 'min').dispose();
    });
    const x = tf.ones([1, 1]) as tf.Tensor2D;
    const affine = { weight: x, bias: tf.ones([1]) as tf.Tensor1D };
    const same = evaluateExpression({ kind: 'input' }, x, { wb1: affine, wb2: affine }, 'min');
    same.dispose();
    expect(x.isDisposed).toBe(false);
  });
});
