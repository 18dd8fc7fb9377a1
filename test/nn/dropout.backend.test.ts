import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { Dropout, dropout } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { expectNoLeak } from '../support/tensors.ts';

const stream = (seed = 1) => RandomStream.fromSeed(seed, 'dropout');

it('keeps a share of 1 − rate and scales it, so that the mean stays', async () => {
  const count = 40_000;
  for (const rate of [0.1, 0.5, 0.9]) {
    const values = await dropout(tf.ones([200, 200]), rate, stream()).data();
    const kept = values.filter((value) => value !== 0);
    expect(new Set(kept).size).toBe(1);
    expect(Math.abs((kept[0] as number) - 1 / (1 - rate))).toBeLessThan(1e-5);
    // Five standard deviations of a binomial share.
    expect(Math.abs(kept.length / count - (1 - rate))).toBeLessThan(
      5 * Math.sqrt((rate * (1 - rate)) / count),
    );
  }
});

it('drops each row and column alike', async () => {
  const y = dropout(tf.ones([100, 400]), 0.5, stream());
  // Sums of 400 (100) values 0 or 2: deviation 20 (10) about the mean; five of them.
  for (const [axis, mean, deviation] of [
    [1, 400, 20],
    [0, 100, 10],
  ] as const) {
    for (const sum of await y.sum(axis).data()) expect(Math.abs(sum - mean)).toBeLessThan(5 * deviation);
  }
});

it('repeats itself from the same seed or restored state, and else differs at every call', async () => {
  const x = tf.ones([8, 64]);
  const [a, b] = [stream(), stream()];
  const first = await dropout(x, 0.5, a).data();
  expect(await dropout(x, 0.5, b).data()).toEqual(first);
  const state = a.state();
  const second = await dropout(x, 0.5, a).data();
  expect(second).not.toEqual(first);
  expect(await dropout(x, 0.5, RandomStream.fromState(state)).data()).toEqual(second);
  expect(await dropout(x, 0.5, stream(2)).data()).not.toEqual(first);
});

it('passes the gradient through its own mask', async () => {
  const x = tf.fill([8, 64], 3);
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => dropout(x, 0.25, stream()))(x, tf.ones([8, 64]));
  await expectAllClose(grad, tf.div(value, 3));
});

it('at rate 0 returns a new tensor and draws nothing', async () => {
  const x = tf.tensor1d([1, 2, 3]);
  const source = stream();
  const y = dropout(x, 0, source);
  y.dispose();
  expect([...(await x.data())]).toEqual([1, 2, 3]);
  expect(source.state()).toEqual(stream().state());
});

it('as a layer does nothing unless training', () => {
  const x = tf.ones([100]);
  const layer = new Dropout({ rate: 0.5, stream: stream() });
  expect(layer.apply(x, {})).toBe(x);
  expect(layer.apply(x, { training: false })).toBe(x);
  expect(layer.apply(x, { training: true })).not.toBe(x);
  expect(new Dropout(undefined).apply(x, { training: true })).toBe(x);
});

it('refuses a rate outside [0, 1)', () => {
  for (const rate of [1, -0.1, Number.NaN]) {
    expect(() => dropout(tf.ones([2]), rate, stream())).toThrow(UserError);
    expect(() => new Dropout({ rate, stream: stream() })).toThrow(/at least 0 and less than 1/);
  }
});

it('does not leak', async () => {
  const x = tf.ones([4, 4]);
  const source = stream();
  await expectNoLeak(() => dropout(x, 0.5, source).dispose());
  await expectNoLeak(() =>
    tf
      .grad((x: tf.Tensor) => dropout(x, 0.5, source))(x)
      .dispose(),
  );
});
