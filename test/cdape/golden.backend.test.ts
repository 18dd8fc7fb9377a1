import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  type CdapeScoresOptions,
  type CdapeWeights,
  cdapeScores,
  scoreConvolution,
} from '../../methods/cdape/index.ts';
import { compile } from '../../src/compile/index.ts';
import { maskedSoftmax } from '../../src/nn/index.ts';
import { expectAllClose, maxDifference } from '../support/allclose.ts';
import { E, exampleScores, exampleValues, lowerTriangle, tensorsOf } from './fixtures.ts';

/** The golden numbers have seven decimals; float32 sums of a dozen products near 1 stay within the same. */
const GOLDEN = { rtol: 0, atol: 1e-6 };

const HEAD_0 = [
  0.9696588, 0.4967597, 1.1029804, -1.0538179, 0.1207675, 1.0778541, -1.8167682, -1.3881161, -0.2703674,
  0.9051836, -1.0254066, -1.6653382, -1.596598, -0.6845029, 0.5396038,
];
const HEAD_1 = [
  0.9682755, -0.0027884, 0.9323803, -1.1402235, -0.3562611, 0.6491537, -0.9370116, -1.1996434, -0.7142853,
  0.279255, 0.1985293, -0.4897164, -1.1036832, -0.9639262, -0.1232592,
];

/** A of the first `length` tokens of E, as numbers. */
async function example(length = E.keys, options: CdapeScoresOptions = {}): Promise<Float32Array> {
  const sizes = { ...E, queries: length, keys: length };
  const { scores, bias, weights } = tensorsOf(exampleValues(length), sizes);
  return (await cdapeScores(scores, bias, weights, options).data()) as Float32Array;
}

function lastRow(values: ArrayLike<number>): number[] {
  return Array.from(values).filter((_, index) => Math.floor(index / 5) % 5 === 4);
}

describe('the worked example', () => {
  it('has the scores and biases of the example', async () => {
    const { scores, bias } = exampleValues();
    await expectAllClose(
      scores.slice(20, 25),
      [-0.0830894, -0.8322674, -0.9516021, -0.3507832, 0.5155014],
      GOLDEN,
    );
    await expectAllClose(bias.slice(20, 25), [-1.0986123, -0.9162907, -Math.LN2, -0.4054651, 0], GOLDEN);
    await expectAllClose(bias.slice(45, 50), [-0.3465736, -0.2798079, -0.2027326, -0.1115718, 0], GOLDEN);
  });

  it('has the golden A, and attention weights in row 4', async () => {
    const values = await example();
    await expectAllClose(lowerTriangle(values, 5), [...HEAD_0, ...HEAD_1], GOLDEN);
    const weights = await maskedSoftmax(tf.tensor4d(values, [1, 2, 5, 5]), true).data();
    await expectAllClose(
      lastRow(weights),
      [
        0.1207566, 0.0636784, 0.0682096, 0.16981, 0.5775454, 0.3556245, 0.1786859, 0.0967048, 0.1112099,
        0.2577749,
      ],
      GOLDEN,
    );
  });

  it('has the golden A from a compiled function too', async () => {
    const { scores, bias, weights } = tensorsOf(exampleValues(), E);
    const compiled = compile((s: tf.Tensor4D, p: tf.Tensor3D, w: CdapeWeights) => cdapeScores(s, p, w));
    for (let call = 0; call < 2; call++) {
      const values = await compiled(scores, bias as tf.Tensor3D, weights).data();
      await expectAllClose(lowerTriangle(values, 5), [...HEAD_0, ...HEAD_1], GOLDEN);
    }
    compiled.dispose();
  });

  it('is DAPE with the centre taps alone', async () => {
    const { scores, bias, weights } = tensorsOf(exampleValues(), E);
    const dape: CdapeWeights = {
      ...weights,
      kernel1: weights.kernel1.slice([0, 1, 0, 0], [1, 1, 4, 3]),
      kernel2: weights.kernel2.slice([0, 1, 0, 0], [1, 1, 3, 2]),
    };
    await expectAllClose(
      lastRow(await cdapeScores(scores, bias, dape).data()),
      [
        -1.0790883, -1.666677, -1.5947897, -0.7064921, 0.5652191, 0.1913889, -0.603324, -1.1543545,
        -0.9826198, -0.1514338,
      ],
      GOLDEN,
    );
  });

  it('is with k = 1 the MLP of DAPE at each pair, with the same weights', async () => {
    const { scores, bias, weights } = tensorsOf(exampleValues(), E);
    const [first, second] = [weights.kernel1, weights.kernel2].map((kernel) => {
      const [, , inputs, outputs] = kernel.shape;
      return kernel.slice([0, 1, 0, 0], [1, 1, inputs, outputs]);
    }) as [tf.Tensor4D, tf.Tensor4D];
    const pairs = tf.concat([scores.reshape([2, 25]), (bias as tf.Tensor).reshape([2, 25])], 0).transpose(); // [25, 2H]
    const inner = tf.add(
      tf.matMul(pairs as tf.Tensor2D, first.reshape([4, 3]) as tf.Tensor2D),
      weights.bias1,
    );
    const hidden = tf.maximum(inner, tf.mul(inner, 0.01)) as tf.Tensor2D;
    const outer = tf.add(tf.matMul(hidden, second.reshape([3, 2]) as tf.Tensor2D), weights.bias2);
    const expected = tf.add(tf.add(scores, bias as tf.Tensor), outer.transpose().reshape(scores.shape));
    const dape = cdapeScores(scores, bias, { ...weights, kernel1: first, kernel2: second });
    await expectAllClose(
      lowerTriangle(await dape.data(), 5),
      lowerTriangle(await expected.data(), 5),
      GOLDEN,
    );
  });

  it('never lets later keys into earlier queries; without the tril they do', async () => {
    const { scores, bias, weights } = tensorsOf(exampleValues(), E);
    const later = exampleScores().map((_, index) => (index % 5 > Math.floor(index / 5) % 5 ? 100 : 0));
    const changed = tf.add(scores, tf.tensor4d(later, [1, 2, 5, 5])) as tf.Tensor4D;
    const visible = async (map: tf.Tensor4D, causal: boolean) =>
      lowerTriangle(await cdapeScores(map, bias, weights, { causal }).data(), 5);
    expect(await visible(changed, true)).toEqual(await visible(scores, true));
    const [with100, without] = [await visible(changed, false), await visible(scores, false)];
    // Values near 100: float32 keeps seven digits of them.
    await expectAllClose([await maxDifference(with100, without)], [12.4183208], { rtol: 0, atol: 2e-5 });
    const row2 = with100.slice(3, 6).map((value, j) => value - (without[3 + j] as number));
    await expectAllClose(row2, [0, 5.580477, 12.4183208], { rtol: 0, atol: 2e-5 });
  });

  it('has no gradient by later keys', async () => {
    const { scores, bias, weights } = tensorsOf(exampleValues(), E);
    const mask = tf.tensor4d(
      exampleScores().map((_, index) => (index % 5 <= Math.floor(index / 5) % 5 ? 1 : 0)),
      [1, 2, 5, 5],
    );
    const gradient = (causal: boolean) =>
      tf.grad((x) => tf.mul(cdapeScores(x as tf.Tensor4D, bias, weights, { causal }), mask).sum())(scores);
    const ofLater = (map: tf.Tensor) => tf.mul(map, tf.sub(1, mask)).abs().max().data();
    expect(await ofLater(gradient(true))).toEqual(Float32Array.of(0));
    expect((await ofLater(gradient(false)))[0]).toBeGreaterThan(0.01);
  });

  it('agrees between a prefix and the whole but for the last row, and there too if prefix-consistent', async () => {
    const lastEntries = [0.0673451, 0.0695273, 0.0640498];
    for (const [index, length] of [2, 3, 4].entries()) {
      const lower = async (options: CdapeScoresOptions) => {
        const whole = lowerTriangle(await example(5, options), 5);
        const prefix = lowerTriangle(await example(length, options), length);
        const size = (length * (length + 1)) / 2;
        // For each entry of the prefix, over both heads.
        return Array.from({ length: size }, (_, at) =>
          Math.max(
            ...[0, 1].map((h) =>
              Math.abs((prefix[h * size + at] as number) - (whole[h * 15 + at] as number)),
            ),
          ),
        );
      };
      const differences = await lower({});
      await expectAllClose(
        differences.slice(0, -1),
        differences.slice(0, -1).map(() => 0),
        GOLDEN,
      );
      await expectAllClose([differences.at(-1) as number], [lastEntries[index] as number], GOLDEN);
      // Another length may be summed in another order.
      const consistent = await lower({ prefixConsistent: true });
      await expectAllClose(
        consistent,
        consistent.map(() => 0),
        GOLDEN,
      );
    }
  });

  it('has the same last row without the tril, and other earlier ones', async () => {
    const [causal, open] = [await example(), await example(5, { causal: false })];
    await expectAllClose(lastRow(open), lastRow(causal), GOLDEN);
    expect(await maxDifference(lowerTriangle(open, 5), lowerTriangle(causal, 5))).toBeGreaterThan(0.01);
  });

  it('goes by blocks of query rows', async () => {
    const { scores, bias, weights } = tensorsOf(exampleValues(), E);
    const blocks = [
      [0, 2],
      [2, 3],
    ] as const;
    const rows = blocks.map(([first, count]) =>
      cdapeScores(
        scores.slice([0, 0, first, 0], [1, 2, count, 5]),
        bias?.slice([0, first, 0], [2, count, 5]),
        weights,
        { firstQuery: first },
      ),
    );
    await expectAllClose(tf.concat(rows, 2), await example(), GOLDEN);
  });
});

it('can shift a row by one key: Proposition 1', async () => {
  const g = 50;
  const zeros = [0, 0];
  const weights: CdapeWeights = {
    kernel1: tf.tensor4d([...zeros, 1, -1, ...zeros], [1, 3, 1, 2]),
    bias1: tf.tensor1d(zeros),
    kernel2: tf.tensor4d([g / 1.01, -g / 1.01, ...zeros, ...zeros], [1, 3, 2, 1]),
    bias2: tf.tensor1d([0]),
  };
  // Four keys, seen by one query; the second matches.
  const row = tf.tensor4d([0.1, 0.9, -0.3, 0.2], [1, 1, 1, 4]);
  await expectAllClose(scoreConvolution(row, undefined, weights), [0, 5, 45, -15], {
    rtol: 1e-5,
    atol: 1e-5,
  });
  const [argmax] = await tf.argMax(cdapeScores(row, undefined, weights), -1).data();
  expect(argmax).toBe(2);
});
