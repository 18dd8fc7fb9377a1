import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type CdapeScoresOptions, type CdapeWeights, cdapeScores } from '../../methods/cdape/index.ts';
import { channelsFirst, channelsLast, type KeyLayout } from '../../methods/cdape/key-layout.ts';
import { hasNativeScoreConvolution } from '../../methods/cdape/native-score-convolution.ts';
import { processScores } from '../../methods/cdape/score-convolution.ts';
import { compile } from '../../src/compile/index.ts';
import { startScript } from '../experiment/run-script.ts';
import * as oracle from '../oracle/cdape/cdape.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { randomValues, type Tensors, tensorsOf } from './fixtures.ts';

type Process = (s: tf.Tensor4D, p: tf.Tensor3D | undefined, weights: CdapeWeights) => tf.Tensor4D;

/** The gradients of Σ dy ⊙ process(…) by scores, W₁, b₁, W₂, b₂ and, where there is one, the bias; dy normal numbers. */
function gradients({ scores, bias, weights }: Tensors, process: Process): tf.Tensor[] {
  const { kernel1, bias1, kernel2, bias2 } = weights;
  const inputs = [scores, kernel1, bias1, kernel2, bias2, ...(bias ? [bias] : [])] as tf.Tensor[];
  return tf.tidy(() => {
    const dy = tf.tensor4d(new RandomNumbers(4).normals(scores.size), scores.shape);
    return tf.grads((...x: tf.Tensor[]) => {
      const [s, k1, b1, k2, b2] = x as [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D, tf.Tensor4D, tf.Tensor1D];
      const p = x[5] as tf.Tensor3D | undefined;
      return tf.mul(process(s, p, { kernel1: k1, bias1: b1, kernel2: k2, bias2: b2 }), dy).sum();
    })(inputs);
  });
}

/** The values, −0 as 0. */
const read = async (tensor: tf.Tensor) => (await tensor.data()).map((value) => value + 0);

/** In operations of TensorFlow.js. */
function inLayout(layout: KeyLayout, options: CdapeScoresOptions): Process {
  return (s, p, weights) => {
    const [queries, keys] = [s.shape[2], s.shape[3]];
    const { causal = true, firstQuery = keys - queries, prefixConsistent = false, residual } = options;
    const addBias = residual !== 'concat';
    return processScores(s, p, weights, { causal, firstQuery, prefixConsistent, addBias }, layout);
  };
}

const sizesOf = (changes: Partial<oracle.Sizes>): oracle.Sizes => ({
  ...{ batch: 2, heads: 2, queries: 4, width: 4, kernelSize: 3 },
  ...{ keys: changes.queries ?? 4 },
  ...changes,
});

/** Every number of heads and kernel size, fewer keys than taps, and lengths around the kernel's vectors and tiles. */
const SMALL: [Partial<oracle.Sizes>, withBias: boolean, CdapeScoresOptions][] = [
  [{ heads: 1, queries: 1, kernelSize: 7 }, true, {}],
  [{ heads: 2, queries: 2, kernelSize: 5 }, false, { prefixConsistent: true }],
  [{ heads: 3, queries: 3, kernelSize: 1 }, true, { causal: false }],
  [{ heads: 4, queries: 5, kernelSize: 5, width: 3 }, true, { residual: 'concat' }],
  [{ heads: 5, queries: 4, kernelSize: 3, width: 5 }, false, { causal: false }],
  [{ heads: 6, queries: 3, kernelSize: 7, width: 2 }, true, { causal: false, prefixConsistent: true }],
  [{ heads: 7, queries: 2, kernelSize: 1, width: 6 }, false, {}],
  [{ heads: 8, queries: 4, kernelSize: 3, width: 7, batch: 1 }, true, {}],
  [{ heads: 1, queries: 17, kernelSize: 3, width: 2 }, true, {}],
];

/** Too large for finite differences in plain loops. */
const LARGE: [Partial<oracle.Sizes>, withBias: boolean, CdapeScoresOptions][] = [
  [{ queries: 33, heads: 8, kernelSize: 3, width: 32 }, true, {}],
  [{ queries: 33, heads: 3, kernelSize: 7, width: 9 }, true, { causal: false }],
  [{ queries: 4, keys: 70, kernelSize: 5 }, true, { firstQuery: 60 }],
  [{ queries: 3, keys: 300, kernelSize: 3, heads: 5 }, true, { prefixConsistent: true }],
  [{ queries: 3, keys: 600, kernelSize: 7, batch: 1 }, true, { causal: false }],
  [{ queries: 3, keys: 530, kernelSize: 5, batch: 1 }, false, { firstQuery: 511 }],
  [{ queries: 270, kernelSize: 3, batch: 1, heads: 1, width: 2 }, true, {}],
  [{ queries: 6, keys: 4, kernelSize: 3 }, true, {}], // the first two queries see no key
];

const named = (cases: typeof SMALL) =>
  cases.map(
    ([sizes, ...rest]) => [JSON.stringify({ ...sizes, ...rest[1], bias: rest[0] }), sizes, ...rest] as const,
  );

describe('small', () => {
  it.each(named(SMALL))('%s: value and gradients equal the oracle', async (_, changes, withBias, options) => {
    const sizes = sizesOf(changes);
    const values = randomValues(sizes, 5, withBias);
    const tensors = tensorsOf(values, sizes);
    const process: Process = (s, p, weights) => cdapeScores(s, p, weights, options);
    const { scores, bias, weights } = tensors;
    const { residual, causal = true, prefixConsistent = false } = options;
    const rest = { causal, prefixConsistent };
    // Without P in the residual: the oracle's A − P at visible keys.
    const exact = (v: oracle.Values) => {
      const processed = oracle.cdapeScores(v, sizes, rest);
      if (residual !== 'concat') return processed;
      const zero = { ...v, kernel1: v.kernel1.map(() => 0), bias2: v.bias2.map(() => 0) };
      const without = oracle.cdapeScores(
        { ...zero, scores: v.scores.map(() => 0), bias1: v.bias1.map(() => 0) },
        sizes,
        rest,
      );
      return processed.map((a, i) => a - (without[i] as number));
    };
    await expectAllClose(process(scores, bias, weights), exact(values), tolerance(10));
    const dy = new RandomNumbers(4).normals(scores.size);
    const names = ['scores', 'kernel1', 'bias1', 'kernel2', 'bias2', 'bias'] as const;
    for (const [i, gradient] of gradients(tensors, process).entries()) {
      const name = names[i] as (typeof names)[number];
      const at = values[name] as readonly number[];
      const expected = oracle.differences((x) => exact({ ...values, [name]: x }), at, dy);
      await expectAllClose(gradient, expected, tolerance(20)); // sums over all scores
    }
  });
});

describe('large', () => {
  it.each(named(LARGE))('%s: all forms agree', async (_, changes, withBias, options) => {
    const sizes = sizesOf(changes);
    const tensors = tensorsOf(randomValues(sizes, 6, withBias), sizes);
    const { scores, bias, weights } = tensors;
    const process: Process = (s, p, w) => cdapeScores(s, p, w, options);
    const expected = await Promise.all(
      [
        inLayout(channelsFirst, options)(scores, bias, weights),
        ...gradients(tensors, inLayout(channelsFirst, options)),
      ].map((tensor) => tensor.data()),
    );
    const forms = [process];
    // The gradient of a convolution by its kernel wasm lacks.
    if (tf.getBackend() !== 'wasm') forms.push(inLayout(channelsLast, options));
    for (const form of forms) {
      const results = [form(scores, bias, weights), ...gradients(tensors, form)];
      for (const [i, result] of results.entries()) {
        // Sums over up to 73 000 products of either sign, in another order: relative to the largest sum.
        const largest = Math.max(...Array.from(expected[i] as Float32Array, Math.abs));
        await expectAllClose(result, expected[i] as Float32Array, {
          rtol: 0,
          atol: 1e-5 * Math.max(1, largest),
        });
      }
    }
  });
});

it('is the same in a compiled function', async () => {
  const sizes = sizesOf({ heads: 4, queries: 20, width: 8 });
  const process: Process = (s, p, w) => cdapeScores(s, p, w);
  for (const withBias of [true, false]) {
    const tensors = tensorsOf(randomValues(sizes, 7, withBias), sizes);
    const { scores, bias, weights } = tensors;
    const all = [scores, ...Object.values(weights), ...(bias ? [bias] : [])] as tf.Tensor[];
    const plain = (...x: tf.Tensor[]) => {
      const [s, kernel1, bias1, kernel2, bias2] = x as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor1D,
        tf.Tensor4D,
        tf.Tensor1D,
      ];
      const given = { scores: s, bias: x[5] as tf.Tensor3D, weights: { kernel1, bias1, kernel2, bias2 } };
      return [process(given.scores, given.bias, given.weights), ...gradients(given, process)];
    };
    const compiled = compile(plain);
    const expected = await Promise.all(plain(...all).map((tensor) => tensor.data()));
    // From the third call on a graph runs.
    for (let call = 0; call < 4; call++) {
      for (const [i, result] of compiled(...all).entries()) {
        const values = await result.data();
        if (hasNativeScoreConvolution()) expect(values).toEqual(expected[i]);
        else await expectAllClose(values, expected[i] as Float32Array, tolerance(20)); // the graph optimizer may reorder sums
      }
    }
    compiled.dispose();
  }
});

it('neither sees later keys nor lets their gradients in', async () => {
  const sizes = sizesOf({ heads: 3, queries: 18, width: 5 });
  const tensors = tensorsOf(randomValues(sizes, 8, true), sizes);
  const later = tf.tensor2d(
    Array.from({ length: 18 * 18 }, (_, i) => (i % 18 > Math.floor(i / 18) ? 1 : 0)),
    [18, 18],
  );
  const shifted = { ...tensors, scores: tf.add(tensors.scores, tf.mul(later, 1000)) as tf.Tensor4D };
  const results = (given: Tensors, process: Process) => [
    process(given.scores, given.bias, given.weights),
    ...gradients(given, process),
  ];
  const process: Process = (s, p, w) => cdapeScores(s, p, w);
  const expected = await Promise.all(results(tensors, process).map(read));
  for (const [i, result] of results(shifted, process).entries())
    expect(await read(result)).toEqual(expected[i]);
  // With a gradient at later keys too, as an op-by-op softmax may have by rounding.
  const louder: Process = (s, p, w) => tf.add(process(s, p, w), tf.mul(process(s, p, w), tf.mul(later, 5)));
  for (const [i, gradient] of gradients(tensors, louder).entries()) {
    expect(await read(gradient)).toEqual(expected[i + 1]);
  }
});

it('leaves nothing behind', async () => {
  const sizes = sizesOf({ heads: 2, queries: 18 });
  for (const withBias of [true, false]) {
    const tensors = tensorsOf(randomValues(sizes, 9, withBias), sizes);
    await expectNoLeak(() => tf.dispose(gradients(tensors, (s, p, w) => cdapeScores(s, p, w))));
  }
});

it.skipIf(!hasNativeScoreConvolution())('gives the same bits on any number of threads', async () => {
  const code = (threads: number) => `
    process.env.TFJS_METHODS_THREADS = '${threads}';
    const { createHash } = await import('node:crypto');
    const { useBackend } = await import('./src/backends/index.ts');
    await useBackend('tensorflow');
    const tf = await import('@tensorflow/tfjs');
    const { cdapeScores } = await import('./methods/cdape/index.ts');
    const { randomValues, tensorsOf } = await import('./test/cdape/fixtures.ts');
    const sizes = { batch: 2, heads: 4, queries: 150, keys: 150, width: 16, kernelSize: 3 };
    const { scores, bias, weights } = tensorsOf(randomValues(sizes, 1, true), sizes);
    const inputs = [scores, bias, ...Object.values(weights)];
    const processed = (s, p, kernel1, bias1, kernel2, bias2) => cdapeScores(s, p, { kernel1, bias1, kernel2, bias2 });
    const hash = createHash('sha256');
    for (const x of [processed(...inputs), ...tf.grads((...x) => processed(...x).square().sum())(inputs)]) {
      hash.update(new Uint8Array((await x.data()).buffer));
    }
    console.log(hash.digest('hex'));
    process.exit(0);`;
  const [one, two] = [await startScript(code(1)), await startScript(code(2))];
  expect(one.trim()).toMatch(/^[0-9a-f]{64}$/m);
  expect(two).toBe(one);
});
