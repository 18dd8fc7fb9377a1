import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { alibi, cdape, cdapeScores, type Residual } from '../../methods/cdape/index.ts';
import { UserError } from '../../src/errors.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import * as oracle from '../oracle/cdape/cdape.ts';
import { expectAllClose, maxDifference, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { randomValues, tensorsOf } from './fixtures.ts';

const SIZES: oracle.Sizes = { batch: 2, heads: 3, queries: 5, keys: 5, width: 4, kernelSize: 3 };
const FORMS: Residual[] = ['concatResidual', 'concat', 'addResidual'];
const MASK = [1, 0, 1, 1, 1, 1, 1, 1, 1, 0];
const stream = () => RandomStream.fromSeed(1, 'init');

/** Of sizes that fit the form: with addResidual W₁ has H input channels. */
function valuesOf(residual: Residual): oracle.Values & { bias: readonly number[] } {
  const full = randomValues(SIZES, 3, true) as oracle.Values & { bias: readonly number[] };
  if (residual !== 'addResidual') return full;
  return { ...full, kernel1: randomValues(SIZES, 4, false).kernel1 };
}

function tensors(values: oracle.Values, residual: Residual) {
  const { bias, ...others } = values;
  const made = tensorsOf(residual === 'addResidual' ? others : values, SIZES);
  return { ...made, bias: tf.tensor3d([...(bias as number[])], [3, 5, 5]) };
}

/** At keys that queries see; what is elsewhere the mask removes. */
function seen(values: ArrayLike<number>, causal: boolean): number[] {
  return Array.from(values).filter((_, at) => !causal || at % 5 <= Math.floor(at / 5) % 5);
}

describe.each(FORMS)('%s', (residual) => {
  it.each<[string, Pick<oracle.Options, 'causal' | 'seenKeys'>]>([
    ['causal', {}],
    ['both directions', { causal: false }],
    ['causal, masked', { seenKeys: MASK }],
    ['both directions, masked', { causal: false, seenKeys: MASK }],
  ])('equals the oracle with its gradients, %s', async (_, { causal = true, seenKeys }) => {
    const values = valuesOf(residual);
    const { scores, bias, weights } = tensors(values, residual);
    const options = {
      residual,
      causal,
      ...(seenKeys && { keyMask: tf.tensor2d([...seenKeys], [2, 5]) }),
    };
    const expected = (changed: Partial<oracle.Values>) =>
      oracle.cdapeScores({ ...values, ...changed }, SIZES, {
        residual,
        causal,
        ...(seenKeys && { seenKeys }),
      });
    const y = await cdapeScores(scores, bias, weights, options).data();
    await expectAllClose(seen(y, causal), seen(expected({}), causal), tolerance(5));

    const dy = Array.from(new RandomNumbers(4).normals(scores.size), (w, at) =>
      !causal || at % 5 <= Math.floor(at / 5) % 5 ? w : 0,
    );
    const [ofScores, ofBias, ofKernel] = tf.grads((s, p, kernel1) => {
      const a = cdapeScores(
        s as tf.Tensor4D,
        p as tf.Tensor3D,
        { ...weights, kernel1: kernel1 as tf.Tensor4D },
        options,
      );
      return tf.mul(a, tf.tensor(dy, a.shape)).sum();
    })([scores, bias, weights.kernel1]) as [tf.Tensor, tf.Tensor, tf.Tensor];
    for (const [name, gradient] of [
      ['scores', ofScores],
      ['bias', ofBias],
      ['kernel1', ofKernel],
    ] as const) {
      const slopes = oracle.differences((x) => expected({ [name]: x }), values[name], dy);
      await expectAllClose(gradient, slopes, tolerance(20)); // sums over all scores
    }
  });

  it('with W₂ and b₂ at 0 leaves the sum that it adds to', async () => {
    const values = valuesOf(residual);
    const { scores, bias, weights } = tensors(values, residual);
    const silent = { ...weights, kernel2: tf.zerosLike(weights.kernel2), bias2: tf.zerosLike(weights.bias2) };
    const base = residual === 'concat' ? scores : tf.add(scores, bias);
    const a = await cdapeScores(scores, bias, silent, { residual }).data();
    expect(seen(a, true)).toEqual(seen(await base.data(), true));
  });
});

it('a mask hides keys from f alone', async () => {
  const values = valuesOf('concatResidual');
  const { scores, bias, weights } = tensors(values, 'concatResidual');
  const keyMask = tf.tensor2d(MASK, [2, 5]);
  const hidden = tf.mul(100, tf.sub(1, keyMask)).reshape([2, 1, 1, 5]);
  const change = (s: tf.Tensor) =>
    tf.sub(cdapeScores(s as tf.Tensor4D, bias, weights, { causal: false, keyMask }), s);
  // Values near 100 lose two digits.
  expect(await maxDifference(change(tf.add(scores, hidden)), change(scores))).toBeLessThan(1e-4);
});

it('has H input channels with addResidual, and refuses a form that is none', () => {
  const of = (residual: Residual) => {
    const process = cdape({ heads: 12, bias: alibi(12), residual }, stream());
    const count = countParameters(process);
    process.dispose();
    return count;
  };
  expect(FORMS.map(of)).toEqual([3500, 3500, 2348]);
  expect(() => of('sum' as Residual)).toThrow(UserError);
  expect(() => of('sum' as Residual)).toThrow(
    'residual must be one of concatResidual, concat, addResidual; got sum',
  );
});
