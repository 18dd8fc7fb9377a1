/**
 * The golden numbers of the other files, from compiled functions: two calls record, the third replays a graph. Elsewhere than on
 * tensorflow `compile` does nothing.
 */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  alibi,
  type CdapeScoresOptions,
  type CdapeWeights,
  cdapeScores,
  contextualPositions,
  interpolate,
  kerple,
  normalizedDistances,
  relativeShift,
  rope,
  scoreConvolution,
  sinusoidal,
  T5Table,
  t5,
} from '../../methods/cdape/index.ts';
import { compile } from '../../src/compile/index.ts';
import { maskedSoftmax } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { assignValues } from './attention-fixtures.ts';
import { E, exampleScores, exampleValues, lowerTriangle, tensorsOf } from './fixtures.ts';

/** Seven decimals are given; float32 sums of a dozen products near 1 stay within them. */
const GOLDEN = { rtol: 1e-6, atol: 1e-6 };
const CALLS = 3;
const stream = () => RandomStream.fromSeed(1, 'init');
const lastOf = (heads: number, length: number) => ({
  heads,
  queryLength: 1,
  keyLength: length,
  causal: true,
});

/** What a compiled function gives at each call. */
async function compiled<A extends (tf.Tensor | CdapeWeights)[]>(
  f: (...inputs: A) => tf.Tensor,
  ...inputs: A
): Promise<number[][]> {
  const graph = compile(f);
  const calls: number[][] = [];
  for (let call = 0; call < CALLS; call++) {
    const result = graph(...inputs);
    calls.push(Array.from(await result.data()));
    result.dispose();
  }
  graph.dispose();
  return calls;
}

async function expectGolden(
  calls: number[][],
  expected: readonly number[],
  options: { readonly rtol?: number; readonly atol?: number } = GOLDEN,
): Promise<void> {
  expect(calls).toHaveLength(CALLS);
  for (const values of calls) await expectAllClose(values, expected, options);
}

/** f over the scores, with the bias and weights of the worked example. */
function ofExample(length: number, change: (a: tf.Tensor4D) => tf.Tensor, options: CdapeScoresOptions = {}) {
  const { scores, bias, weights } = tensorsOf(exampleValues(length), { ...E, queries: length, keys: length });
  const f = (s: tf.Tensor4D, p: tf.Tensor3D, w: CdapeWeights) =>
    tf.tidy(() => change(cdapeScores(s, p, w, options)));
  const inputs = [scores, bias as tf.Tensor3D, weights] as [tf.Tensor4D, tf.Tensor3D, CdapeWeights];
  return { f, inputs };
}

const lastRows = (a: tf.Tensor4D) => a.slice([0, 0, 4, 0], [1, 2, 1, 5]);

describe.skipIf(tf.getBackend() !== 'tensorflow')('compiled', () => {
  it('the attention weights of the worked example, and its last row', async () => {
    const weights = ofExample(5, (a) => lastRows(maskedSoftmax(a, true)));
    const softmax = [0.1207566, 0.0636784, 0.0682096, 0.16981, 0.5775454];
    softmax.push(0.3556245, 0.1786859, 0.0967048, 0.1112099, 0.2577749);
    await expectGolden(await compiled(weights.f, ...weights.inputs), softmax);
    const rows = ofExample(5, lastRows);
    const golden = [-1.0254066, -1.6653382, -1.596598, -0.6845029, 0.5396038];
    golden.push(0.1985293, -0.4897164, -1.1036832, -0.9639262, -0.1232592);
    await expectGolden(await compiled(rows.f, ...rows.inputs), golden);
    const open = ofExample(5, lastRows, { causal: false });
    await expectGolden(await compiled(open.f, ...open.inputs), golden);
  });

  it('DAPE: the centre taps alone', async () => {
    const { f, inputs } = ofExample(5, lastRows);
    const [scores, bias, weights] = inputs;
    const golden = [-1.0790883, -1.666677, -1.5947897, -0.7064921, 0.5652191];
    golden.push(0.1913889, -0.603324, -1.1543545, -0.9826198, -0.1514338);
    const kernel1 = weights.kernel1.slice([0, 1, 0, 0], [1, 1, 4, 3]);
    const kernel2 = weights.kernel2.slice([0, 1, 0, 0], [1, 1, 3, 2]);
    await expectGolden(await compiled(f, scores, bias, { ...weights, kernel1, kernel2 }), golden);
  });

  it('causality: nothing with the tril, 12.4183208 without, and no gradient', async () => {
    const later = exampleScores().map((_, at) => (at % 5 > Math.floor(at / 5) % 5 ? 100 : 0));
    for (const causal of [true, false]) {
      const { f, inputs } = ofExample(5, (a) => a, { causal });
      const [scores, bias, weights] = inputs;
      const changed = tf.add(scores, tf.tensor4d(later, [1, 2, 5, 5])) as tf.Tensor4D;
      const [before, after] = [await compiled(f, ...inputs), await compiled(f, changed, bias, weights)];
      for (const [call, values] of before.entries()) {
        const [a, b] = [lowerTriangle(values, 5), lowerTriangle(after[call] as number[], 5)];
        const most = Math.max(...a.map((value, at) => Math.abs(value - (b[at] as number))));
        if (causal) expect(most).toBe(0);
        else expect(Math.abs(most - 12.4183208)).toBeLessThan(2e-5); // float32 near 100
      }
    }
    const seen = tf.tensor4d(
      later.map((value) => (value === 0 ? 1 : 0)),
      [1, 2, 5, 5],
    );
    const { f, inputs } = ofExample(5, (a) => a);
    const gradient = (s: tf.Tensor4D, p: tf.Tensor3D, w: CdapeWeights, visible: tf.Tensor4D) =>
      tf.tidy(() => {
        const ofScores = tf.grad((x) => tf.mul(f(x as tf.Tensor4D, p, w), visible).sum())(s);
        return tf.mul(ofScores, tf.sub(1, visible));
      });
    for (const values of await compiled(gradient, ...inputs, seen))
      expect(Math.max(...values.map(Math.abs))).toBe(0);
  });

  it('a prefix, but for its last row; and by blocks of rows', async () => {
    /** Of the first tokens, at the first call that replays. */
    const example = async (length: number, options: CdapeScoresOptions = {}) => {
      const { f, inputs } = ofExample(length, (a) => a, options);
      return (await compiled(f, ...inputs))[2] as number[];
    };
    for (const prefixConsistent of [false, true]) {
      const long = await example(5, { prefixConsistent });
      for (const [length, golden] of [
        [2, 0.0673451],
        [3, 0.0695273],
        [4, 0.0640498],
      ] as const) {
        const short = await example(length, { prefixConsistent });
        const apart = [0, 1].map((h) =>
          Math.abs(
            (short[(h + 1) * length ** 2 - 1] as number) - (long[h * 25 + (length - 1) * 6] as number),
          ),
        );
        await expectAllClose([Math.max(...apart)], [prefixConsistent ? 0 : golden], GOLDEN);
      }
    }
    const blocks = (s: tf.Tensor4D, p: tf.Tensor3D, w: CdapeWeights) =>
      tf.tidy(() => {
        const rows = [0, 2].map((first) => {
          const count = first === 0 ? 2 : 3;
          const own = s.slice([0, 0, first, 0], [1, 2, count, 5]);
          return cdapeScores(own, p.slice([0, first, 0], [2, count, 5]), w, { firstQuery: first });
        });
        return tf.concat(rows, 2);
      });
    const all = lowerTriangle(await example(5), 5);
    for (const values of await compiled(blocks, ...ofExample(5, (a) => a).inputs))
      await expectAllClose(lowerTriangle(values, 5), all, GOLDEN);
  });

  it('without W₂ and b₂ the bias alone; Proposition 1', async () => {
    const { f, inputs } = ofExample(5, (a) => a);
    const [scores, bias, weights] = inputs;
    const [kernel2, bias2] = [tf.zerosLike(weights.kernel2), tf.zerosLike(weights.bias2)];
    const expected = lowerTriangle(await tf.add(scores, bias).data(), 5);
    for (const values of await compiled(f, scores, bias, { ...weights, kernel2, bias2 }))
      expect(lowerTriangle(values, 5)).toEqual(expected);
    const shift: CdapeWeights = {
      kernel1: tf.tensor4d([0, 0, 1, -1, 0, 0], [1, 3, 1, 2]),
      bias1: tf.zeros([2]),
      kernel2: tf.tensor4d([50 / 1.01, -50 / 1.01, 0, 0, 0, 0], [1, 3, 2, 1]),
      bias2: tf.zeros([1]),
    };
    const row = tf.tensor4d([0.1, 0.9, -0.3, 0.2], [1, 1, 1, 4]);
    const shifted = await compiled(
      (x: tf.Tensor4D, w: CdapeWeights) => scoreConvolution(x, undefined, w),
      row,
      shift,
    );
    await expectGolden(shifted, [0, 5, 45, -15], { rtol: 1e-5, atol: 1e-5 });
  });

  it('ALiBi, T5 and FIRE', async () => {
    const zero = tf.scalar(0);
    const slope = (x: tf.Tensor) =>
      tf.tidy(() => tf.add(alibi(8)(lastOf(8, 6)).slice([0, 0, 2], [1, 1, 1]), x));
    await expectGolden(await compiled(slope, zero), [-1.5]);
    const table = new T5Table(1, stream());
    assignValues(table, { table: Array.from({ length: 32 }, (_, bucket) => bucket) });
    const bucket = (x: tf.Tensor) => tf.tidy(() => tf.add(t5(table, 1)(lastOf(1, 114)).reshape([114]), x));
    const reached = (await compiled(bucket, zero)).map((row) =>
      [0, 15, 16, 113].map((distance) => row[113 - distance] as number),
    );
    await expectGolden(reached, [0, 15, 16, 31]);
    table.dispose();
    const normalized = (c: tf.Scalar, limit: tf.Scalar) =>
      tf.tidy(() => normalizedDistances(lastOf(1, 512), c, limit).slice([0, 256], [1, 1]));
    await expectGolden(await compiled(normalized, tf.scalar(0.1), tf.scalar(256)), [0.8289925]);
  });

  it('Kerple, and its projection', async () => {
    for (const [p, a, distance, expected] of [
      [1.5, 0.25, 511, -7.2868088],
      [-1, -3, 99, -0.0068814],
    ] as const) {
      const bias = kerple(1, stream());
      assignValues(bias, { p: [p], a: [a] });
      const f = (x: tf.Tensor) =>
        tf.tidy(() => tf.add(bias(lastOf(1, distance + 1)).slice([0, 0, 0], [1, 1, 1]), x));
      await expectGolden(await compiled(f, tf.scalar(0)), [expected]);
      if (p < 0) for (const { variable } of bias.parameters()) await expectAllClose(variable, [0.01], GOLDEN);
      bias.dispose();
    }
  });

  it('RoPE and sinusoidal positions', async () => {
    const turn = rope({ headDim: 4 });
    const f = (x: tf.Tensor4D) =>
      tf.tidy(() => turn(x, x, { first: 3, training: false, layer: 0, cache: undefined })[0]);
    const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4]);
    await expectGolden(await compiled(f, x), [-1.4133525, 1.8791181, -2.8288575, 4.0581911]);
    const waves = (zero: tf.Tensor) => tf.tidy(() => tf.add(sinusoidal(4)(1, 1), zero));
    await expectGolden(await compiled(waves, tf.scalar(0)), [0.841471, 0.0099998, 0.5403023, 0.99995]);
  });

  it('CoPE and the shift of Transformer-XL', async () => {
    const queries = tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2]);
    const table = tf.tensor2d([0, 1, 2, 3, 0, 10, 20, 30], [2, 4]);
    const context = { queryLength: 3, keyLength: 3, firstQuery: 0, keyMask: undefined };
    const bias = (scores: tf.Tensor4D, q: tf.Tensor2D, e: tf.Tensor2D) =>
      tf.tidy(() => interpolate(tf.matMul(q, e), contextualPositions(scores, context, 4)));
    const golden = [0.5, 0, 0, 10, 5, 0, 16.5, 11, 5.5];
    await expectGolden(await compiled(bias, tf.zeros([1, 1, 3, 3]) as tf.Tensor4D, queries, table), golden);
    const rows = tf.tensor4d([0, 1, 2, 90, 91, 3, 4, 5, 92, 93, 6, 7, 8, 94, 95], [1, 1, 3, 5]);
    const shifted = await compiled((x: tf.Tensor4D) => relativeShift(x, 3), rows);
    await expectGolden(shifted, [2, 90, 91, 4, 5, 92, 6, 7, 8]);
  });
});
