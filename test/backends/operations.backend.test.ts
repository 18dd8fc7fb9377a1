import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { expectAllClose } from '../support/allclose.ts';
import { SeededTensors } from '../support/both-backends.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';

// What a Transformer is made of, on every backend: values against float64 loops or arithmetic by hand, gradients against
// finite differences.
const seeded = () => new SeededTensors(21);
const read = async (x: tf.Tensor) => Array.from(await x.data());

/** Σₖ a[i, k]·b[k, j] in float64. */
async function product(a: tf.Tensor, b: tf.Tensor): Promise<number[]> {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1] as number;
  const [x, y] = [await read(a), await read(b)];
  return Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += (x[Math.floor(at / n) * k + i] as number) * (y[i * n + (at % n)] as number);
    }
    return sum;
  });
}

describe('matMul', () => {
  test('by hand', async () => {
    // [1 2; 3 4] · [5 6; 7 8] = [19 22; 43 50].
    const c = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
    await expectAllClose(c, tf.tensor2d([19, 22, 43, 50], [2, 2]));
  });

  for (const [m, k, n] of [
    [1, 1, 1],
    [3, 5, 7],
    [33, 65, 17],
    [64, 128, 64],
    [1, 200, 1],
  ] as [number, number, number][]) {
    test(`${m}×${k}×${n} and its transposed forms`, async () => {
      const random = seeded();
      const [a, b] = [random.normal(m, k), random.normal(k, n)];
      const expected = await product(a, b);
      // A float32 sum of k products of normal numbers: an error of about 1e-7·√k for a value of about √k.
      const tolerance = { rtol: 1e-5, atol: 1e-6 * Math.sqrt(k) * 10 };
      await expectAllClose(tf.matMul(a, b), expected, tolerance);
      await expectAllClose(tf.matMul(tf.transpose(a), b, true, false), expected, tolerance);
      await expectAllClose(tf.matMul(a, tf.transpose(b), false, true), expected, tolerance);
      await expectAllClose(tf.matMul(tf.transpose(a), tf.transpose(b), true, true), expected, tolerance);
    });
  }

  test('batches are the products of their matrices', async () => {
    const random = seeded();
    const [a, b] = [random.normal(2, 3, 5, 7), random.normal(2, 3, 4, 7)];
    const all = tf.matMul(a, b, false, true);
    for (const [i, j] of [
      [0, 0],
      [0, 2],
      [1, 1],
      [1, 2],
    ] as [number, number][]) {
      const one = (x: tf.Tensor) => tf.squeeze(tf.slice(x, [i, j], [1, 1]), [0, 1]);
      await expectAllClose(one(all), await product(one(a), tf.transpose(one(b))), { atol: 1e-5 });
    }
  });

  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      test(`gradient, transposeA ${transposeA}, transposeB ${transposeB}`, async () => {
        const random = seeded();
        await expectGradientsMatch(
          (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, transposeA, transposeB),
          [
            random.normal(2, ...(transposeA ? [4, 3] : [3, 4])),
            random.normal(2, ...(transposeB ? [5, 4] : [4, 5])),
          ],
          { samples: 12 },
        );
      });
    }
  }
});

describe('softmax', () => {
  test('by hand', async () => {
    // e⁰ : e^ln2 : e^ln5 = 1 : 2 : 5.
    await expectAllClose(tf.softmax(tf.tensor1d([0, Math.log(2), Math.log(5)])), [0.125, 0.25, 0.625]);
  });
  test('large and masked scores', async () => {
    const weights = tf.softmax(
      tf.tensor2d([
        [1000, 1000, -1e9],
        [-1e9, 3, -1e9],
      ]),
    );
    await expectAllClose(weights, [0.5, 0.5, 0, 0, 1, 0]);
  });
  test('gradient', async () => {
    await expectGradientsMatch((x) => tf.softmax(x as tf.Tensor), [seeded().normal(4, 6)]);
  });
  test('gradient of logSoftmax', async () => {
    await expectGradientsMatch((x) => tf.logSoftmax(x as tf.Tensor), [seeded().normal(4, 6)]);
  });
});

describe('gather', () => {
  test('gradient adds up where an index comes twice, and is 0 where none does', async () => {
    const table = tf.ones([4, 2]);
    const indices = tf.tensor1d([2, 0, 2], 'int32');
    const weights = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const gradient = tf.grad((x) => tf.gather(x, indices).mul(weights).sum().asScalar())(table);
    await expectAllClose(gradient, tf.tensor2d([3, 4, 0, 0, 6, 8, 0, 0], [4, 2]));
  });
  test('gradient over a table larger than any window', async () => {
    const random = seeded();
    const indices = random.integers(70, 3, 40);
    const weights = random.normal(3, 40, 5);
    const gradient = tf.grad((x) => tf.gather(x, indices).mul(weights).sum().asScalar())(
      random.normal(70, 5),
    );
    const expected = new Float64Array(70 * 5);
    const [ids, w] = [await read(indices), await read(weights)];
    for (const [row, id] of ids.entries()) {
      for (let i = 0; i < 5; i++) {
        expected[id * 5 + i] = (expected[id * 5 + i] as number) + (w[row * 5 + i] as number);
      }
    }
    await expectAllClose(gradient, expected, { atol: 1e-5 });
  });
});

describe('layer normalisation, composed', () => {
  const layerNorm = (x: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor) => {
    const centred = x.sub(x.mean(-1, true));
    return centred.mul(centred.square().mean(-1, true).add(1e-5).rsqrt()).mul(gain).add(shift);
  };
  test('by hand', async () => {
    // Mean 3, variance 4: (1 − 3)/2, (3 − 3)/2, …; ε moves it by 1e-6.
    const y = layerNorm(tf.tensor2d([[1, 1, 5, 5]]), tf.tensor1d([1, 2, 1, 2]), tf.tensor1d([0, 0, 0, 10]));
    await expectAllClose(y, [-1, -2, 1, 12], { atol: 1e-5 });
  });
  test('gradient', async () => {
    const random = seeded();
    await expectGradientsMatch(layerNorm as (...x: tf.Tensor[]) => tf.Tensor, [
      random.normal(3, 2, 8),
      random.normal(8),
      random.normal(8),
    ]);
  });
});

describe('sums', () => {
  for (const axes of [[0], [-1], [0, 1], [0, 2], [0, 1, 2]]) {
    test(`sum and mean over [${axes}]`, async () => {
      const x = seeded().normal(4, 3, 5);
      const values = await read(x);
      const along = axes.map((axis) => (axis + 3) % 3);
      const shape = [4, 3, 5].filter((_, axis) => !along.includes(axis));
      const expected = new Float64Array(shape.reduce((a, b) => a * b, 1));
      for (const [at, value] of values.entries()) {
        const place = [Math.floor(at / 15), Math.floor(at / 5) % 3, at % 5];
        let to = 0;
        for (let axis = 0; axis < 3; axis++) {
          if (!along.includes(axis)) to = to * ([4, 3, 5][axis] as number) + (place[axis] as number);
        }
        expected[to] = (expected[to] as number) + value;
      }
      await expectAllClose(tf.sum(x, axes), expected, { atol: 1e-5 });
      const count = values.length / expected.length;
      await expectAllClose(
        tf.mean(x, axes),
        expected.map((sum) => sum / count),
        { atol: 1e-5 },
      );
    });
  }
});

describe('elementwise', () => {
  test('gradients of exp, log, sqrt, tanh, erf, division and broadcasting', async () => {
    const random = seeded();
    const positive = random.normal(3, 4).abs().add(0.5);
    await expectGradientsMatch(
      (x, y) => {
        const [a, b] = [x as tf.Tensor, y as tf.Tensor];
        return tf.exp(a.mul(0.3)).add(tf.log(a)).add(tf.sqrt(a)).add(tf.tanh(b)).add(tf.erf(b)).div(a);
      },
      [positive, random.normal(4)],
    );
  });
  test('split, concat, transpose, reshape, pad, slice and where keep gradients apart', async () => {
    const random = seeded();
    await expectGradientsMatch(
      (x) => {
        const [a, b, c] = tf.split(x as tf.Tensor, 3, -1) as [tf.Tensor, tf.Tensor, tf.Tensor];
        const heads = a.reshape([2, 4, 2, 2]).transpose([0, 2, 1, 3]).reshape([2, 4, 4]);
        const shifted = tf.pad(tf.slice(b, [0, 1, 0], [2, 3, 4]), [
          [0, 0],
          [0, 1],
          [0, 0],
        ]);
        const chosen = tf.where(tf.tensor1d([1, 0, 0, 1], 'bool'), c, tf.zerosLike(c));
        return tf.concat([heads.mul(2), shifted.mul(3), chosen], -1);
      },
      [random.normal(2, 4, 12)],
    );
  });
});

test('a training step leaves nothing behind', async () => {
  const random = seeded();
  const w = tf.variable(random.normal(6, 3));
  const x = random.normal(8, 6);
  await expectNoLeak(() =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => tf.matMul(x, w).softmax().square().sum().asScalar(), [w]);
      w.assign(w.sub((grads[w.name] as tf.Tensor).mul(0.1)));
    }),
  );
  expect(tf.memory().numTensors).toBeGreaterThan(0);
  w.dispose();
});

describe('cumulative sums', () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])(
    'exclusive %s, reverse %s: of any length, over the last axis, with gradients',
    async (exclusive, reverse) => {
      for (const [shape, axis] of [
        [[2, 5], 1],
        [[16], 0],
        [[2, 3, 7], 2],
      ] as const) {
        const size = shape.reduce((product: number, length) => product * length, 1);
        const values = Array.from({ length: size }, (_, i) => Math.sin(i));
        const x = tf.tensor(values, [...shape]);
        const length = shape[axis] as number;
        const inner = shape.slice(axis + 1).reduce((product: number, each) => product * each, 1);
        const sums = (given: readonly number[], backwards: boolean) =>
          given.map((_, at) => {
            const place = Math.floor(at / inner) % length;
            let sum = 0;
            for (let k = 0; k < length; k++) {
              const counts = backwards ? k > place : k < place;
              if (counts || (k === place && !exclusive)) sum += given[at + (k - place) * inner] as number;
            }
            return sum;
          });
        await expectAllClose(tf.cumsum(x, axis, exclusive, reverse), sums(values, reverse));
        const weights = values.map((value) => value + 2);
        const gradient = tf.grad((y) =>
          tf
            .cumsum(y, axis, exclusive, reverse)
            .mul(tf.tensor(weights, [...shape]))
            .sum(),
        )(x);
        await expectAllClose(gradient, sums(weights, !reverse));
        tf.dispose([x, gradient]);
      }
    },
  );
});
