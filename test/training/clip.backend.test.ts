import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { globalNorm } from '../../src/optimizers/index.ts';
import { clipByGlobalNorm } from '../../src/training/clip.ts';
import * as oracle from '../oracle/training/clip.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';

const random = new RandomNumbers(1);
const SHAPES: readonly number[][] = [[], [7], [3, 5], [2, 3, 4, 5], [0, 4]];
const values = SHAPES.map((shape) => random.normals(shape.reduce((a, b) => a * b, 1)));

function gradients(): tf.NamedTensorMap {
  return Object.fromEntries(SHAPES.map((shape, i) => [`v${i}`, tf.tensor(values[i] as Float32Array, shape)]));
}

describe('clipByGlobalNorm', () => {
  it.each([0.5, 1000])('agrees with the oracle at maxNorm %d', async (maxNorm) => {
    const given = gradients();
    const want = oracle.clipByGlobalNorm(values, maxNorm);
    const { gradients: clipped, norm } = clipByGlobalNorm(given, maxNorm);
    expect(Object.keys(clipped)).toEqual(Object.keys(given));
    await expectAllClose(norm, want.norm);
    for (const [i, expected] of want.gradients.entries()) {
      const tensor = clipped[`v${i}`] as tf.Tensor;
      expect(tensor.shape).toEqual(SHAPES[i]);
      await expectAllClose(tensor, expected);
    }
    tf.dispose([given, clipped, norm]);
  });

  it('by hand: (3, 4) and (12) have norm 13, so 6.5 halves them', async () => {
    const given = { a: tf.tensor([3, 4]), b: tf.tensor([12]) };
    const { gradients: clipped, norm } = clipByGlobalNorm(given, 6.5);
    await expectAllClose(norm, 13);
    await expectAllClose(clipped.a as tf.Tensor, [1.5, 2]);
    await expectAllClose(clipped.b as tf.Tensor, [6]);
    tf.dispose([given, clipped, norm]);
  });

  it('leaves gradients within the bound to the last bit, zero ones too', async () => {
    for (const list of [
      [0.1, -0.7],
      [0, 0],
    ]) {
      const given = { a: tf.tensor(list) };
      const { gradients: clipped, norm } = clipByGlobalNorm(given, 1);
      expect([...(await (clipped.a as tf.Tensor).data())]).toEqual([...Float32Array.from(list)]);
      tf.dispose([given, clipped, norm]);
    }
  });

  it('sums a million elements without drift', async () => {
    const given = { a: tf.fill([1000, 1000], 0.1), b: tf.fill([1 << 20], 0.1) };
    const norm = globalNorm(given);
    // Float32 0.1; a single running float32 sum would be off by 3e-3.
    await expectAllClose(norm, Math.fround(0.1) * Math.sqrt(1e6 + 2 ** 20), { rtol: 2e-5 });
    tf.dispose([given, norm]);
  });

  it('shows what is not finite', async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const given = { a: tf.tensor([1, bad]), b: tf.tensor([2]) };
      const { gradients: clipped, norm } = clipByGlobalNorm(given, 1);
      expect(Number.isFinite((await norm.data())[0])).toBe(false);
      expect(Number.isFinite((await (clipped.a as tf.Tensor).data())[1])).toBe(false);
      tf.dispose([given, clipped, norm]);
    }
  });

  it('has norm 0 where there are no gradients', async () => {
    const norm = globalNorm({});
    expect((await norm.data())[0]).toBe(0);
    norm.dispose();
  });

  it('disposes nothing that it was given and leaves nothing else', async () => {
    const given = gradients();
    await expectNoLeak(() => {
      const { gradients: clipped, norm } = clipByGlobalNorm(given, 1);
      tf.dispose([clipped, norm]);
    });
    for (const tensor of Object.values(given)) expect(tensor.isDisposed).toBe(false);
    tf.dispose(given);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses maxNorm %d', (maxNorm) => {
    expect(() => clipByGlobalNorm({}, maxNorm)).toThrow(/positive number/);
  });
});
