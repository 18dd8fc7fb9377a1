import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { meanOfAll, meanOverAxis } from '../../src/optimizers/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

it('means over each axis are the means', async () => {
  const values = new RandomNumbers(1).normals(24);
  const x = tf.tensor(values, [2, 3, 4]);
  const at = (b: number, i: number, j: number) => values[(b * 3 + i) * 4 + j] as number;
  const rows = [0, 1].flatMap((b) =>
    [0, 1, 2].map((i) => [0, 1, 2, 3].reduce((s, j) => s + at(b, i, j) / 4, 0)),
  );
  const columns = [0, 1].flatMap((b) =>
    [0, 1, 2, 3].map((j) => [0, 1, 2].reduce((s, i) => s + at(b, i, j) / 3, 0)),
  );
  const means = [meanOverAxis(x, -1), meanOverAxis(x, -2), meanOfAll(x)] as const;
  await expectAllClose(means[0], rows);
  await expectAllClose(means[1], columns);
  await expectAllClose(means[2], [values.reduce((sum, v) => sum + v / 24, 0)]);
  expect(means.map(({ shape }) => shape)).toEqual([[2, 3], [2, 4], []]);
  tf.dispose([x, ...means]);
});

it.each([
  ['of 1,000,000 in a row', [1000000], -1],
  ['down 30,528 rows', [30528, 4], -2],
  ['along 50,257', [2, 50257], -1],
] as const)('mean %s does not drift', async (_what, shape, axis) => {
  // Equal values are the worst case: every rounding goes the same way. One float32 running sum is off by up to 3e-3.
  const x = tf.fill([...shape], 0.1);
  const mean = meanOverAxis(x, axis);
  const all = meanOfAll(x);
  const { rtol } = { rtol: 2e-5 };
  await expectAllClose(mean, new Array(mean.size).fill(Math.fround(0.1)), { rtol, atol: 0 });
  await expectAllClose(all, [Math.fround(0.1)], { rtol, atol: 0 });
  tf.dispose([x, mean, all]);
});
