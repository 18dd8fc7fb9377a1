import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { expectSameAsJs, gradientOf, SeededTensors } from '../support/both-backends.ts';

type Compute = (random: SeededTensors) => tf.Tensor | tf.Tensor[];

/** Each case: forward or gradient, on wasm as on js, and nothing left behind. */
function same(name: string, compute: Compute): void {
  // Sums of at most a few hundred float32 products of normal numbers, in another order.
  test(name, () => expectSameAsJs('wasm', compute, { rtol: 2e-5, atol: 2e-5 }));
}

/** f's value and its gradients by all inputs of dtype float32. */
function sameWithGradient(
  name: string,
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: (random: SeededTensors) => tf.Tensor[],
): void {
  same(name, (random) => {
    const x = inputs(random);
    return [f(...x), ...gradientOf(f, x, random)];
  });
}

describe('BatchMatMul', () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const shapeA = transposeA ? [7, 5] : [5, 7];
      const shapeB = transposeB ? [3, 7] : [7, 3];
      const flags = `${transposeA ? 'aᵀ' : 'a'}·${transposeB ? 'bᵀ' : 'b'}`;
      for (const batch of [[], [1], [4], [2, 3], [2, 1, 3]]) {
        sameWithGradient(
          `${flags}, batch [${batch}]`,
          (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, transposeA, transposeB),
          (random) => [random.normal(...batch, ...shapeA), random.normal(...batch, ...shapeB)],
        );
      }
    }
  }

  for (const [batchA, batchB, batch] of [
    [[4], [1], [4]],
    [[1], [4], [4]],
    [[2, 1], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[3], [2, 1], [2, 3]],
    [[], [2, 3], [2, 3]],
    [[2, 3], [], [2, 3]],
  ] as [number[], number[], number[]][]) {
    test(`batch [${batchA}] broadcast with [${batchB}], against the operands laid out in full`, async () => {
      // Not against js, which gives the wrong shape where both sides are stretched.
      await useBackend('wasm');
      const random = new SeededTensors(5);
      const a = random.normal(...batchA, 5, 7);
      const b = random.normal(...batchB, 7, 3);
      const full = tf.matMul(tf.broadcastTo(a, [...batch, 5, 7]), tf.broadcastTo(b, [...batch, 7, 3]));
      await expectAllClose(tf.matMul(a, b), full, { rtol: 0, atol: 0 });
    });
  }

  same('sides above XNNPACK’s tiles', (random) =>
    tf.matMul(random.normal(2, 65, 130), random.normal(2, 33, 130), false, true),
  );
  same('a vector on either side', (random) => [
    tf.matMul(random.normal(1, 9), random.normal(9, 4)),
    tf.matMul(random.normal(4, 9), random.normal(9, 1)),
  ]);
  same('empty sides', () => [
    tf.matMul(tf.zeros([0, 3]), tf.ones([3, 2])),
    tf.matMul(tf.ones([2, 0]), tf.ones([0, 3])),
  ]);

  same('one tensor on the right in two shapes', (random) => {
    const weights = random.normal(4, 6);
    return [
      tf.matMul(random.normal(5, 4), weights),
      tf.matMul(random.normal(5, 6), weights.reshape([6, 4])),
      tf.matMul(random.normal(5, 3), weights.reshape([3, 8])),
    ];
  });
});

describe('_FusedMatMul', () => {
  for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const) {
    same(activation, (random) =>
      tf.fused.matMul({
        a: random.normal(5, 60) as tf.Tensor2D,
        b: random.normal(4, 60) as tf.Tensor2D,
        transposeB: true,
        bias: random.normal(4),
        activation,
        leakyreluAlpha: 0.1,
      }),
    );
  }
  same('prelu', (random) =>
    tf.fused.matMul({
      a: random.normal(5, 6) as tf.Tensor2D,
      b: random.normal(6, 4) as tf.Tensor2D,
      activation: 'prelu',
      preluActivationWeights: random.normal(4),
    }),
  );
});

describe('Sum and Mean', () => {
  for (const axes of [[0], [1], [2], [3], [0, 1], [1, 2], [2, 3], [0, 2], [1, 3], [0, 1, 3], [0, 1, 2, 3]]) {
    same(`over [${axes}] of 4`, (random) => [
      random.normal(3, 5, 2, 7).sum(axes),
      random.normal(3, 5, 2, 7).mean(axes, true),
    ]);
  }
  same('int32 and bool', (random) => [
    random.integers(9, 4, 5).sum(1),
    random.integers(9, 4, 5).mean(0),
    random.integers(2, 4, 5).cast('bool').sum(),
  ]);
  same('of nothing', () => tf.zeros([0, 3]).sum(0));

  test('a million values keep six digits', async () => {
    await useBackend('wasm');
    const x = tf.fill([1_000_000], 0.1);
    const [sum] = await x.sum().data();
    const [mean] = await x.mean().data();
    // 0.1 in float32 is 0.100000001490116.
    expect(sum).toBeCloseTo(100_000.0015, 1);
    expect(mean).toBeCloseTo(0.1, 7);
  });
});

describe('GatherV2', () => {
  same('along each axis', (random) =>
    [0, 1, 2, -1].map((axis) => tf.gather(random.normal(4, 4, 4), random.integers(4, 2, 3), axis)),
  );
  same('batchDims 1', (random) => [
    tf.gather(random.normal(7, 4, 3), random.integers(4, 7, 3), 1, 1),
    tf.gather(random.normal(7, 5, 4, 3), random.integers(4, 7, 2), 2, 1),
    tf.gather(random.normal(7, 4), random.integers(4, 7, 3), 1, 1),
  ]);
  same('int32 and bool', (random) => [
    tf.gather(random.integers(100, 6, 2), random.integers(6, 3)),
    tf.gather(random.integers(2, 6).cast('bool'), random.integers(6, 3)),
  ]);
  test('an index outside is an error and leaves nothing', async () => {
    await useBackend('wasm');
    const x = tf.ones([3, 2]);
    const indices = tf.tensor1d([0, 3], 'int32');
    const before = tf.backend().numDataIds();
    expect(() => tf.gather(x, indices)).toThrow('index 3 is not in 0 … 2');
    expect(tf.backend().numDataIds()).toBe(before);
  });
});

describe('UnsortedSegmentSum', () => {
  same('rows by id, some ids absent', (random) =>
    tf.unsortedSegmentSum(random.normal(9, 3, 2), random.integers(4, 9) as tf.Tensor1D, 6),
  );
  sameWithGradient(
    'gradient of gather along axis 0',
    (x) => tf.gather(x as tf.Tensor, tf.tensor2d([4, 0, 4, 1, 1, 4], [2, 3], 'int32')),
    (random) => [random.normal(5, 3)],
  );
  sameWithGradient(
    'gradient of gather along axis 1',
    (x) => tf.gather(x as tf.Tensor, tf.tensor1d([4, 0, 4], 'int32'), 1),
    (random) => [random.normal(2, 5, 3)],
  );
});

describe('Einsum', () => {
  for (const [equation, ...shapes] of [
    ['bhqd,bhkd->bhqk', [2, 3, 4, 5], [2, 3, 6, 5]],
    ['bhqk,bhkd->bqhd', [2, 3, 4, 6], [2, 3, 6, 5]],
    ['ij,jk->ki', [3, 4], [4, 5]],
    ['i,j->ij', [3], [4]],
    ['ijk->kj', [2, 3, 4]],
    ['ij->ij', [2, 3]],
    ['abc,cd->abd', [2, 3, 4], [4, 5]],
    ['ij,ij->', [3, 4], [3, 4]],
  ] as [string, ...number[][]][]) {
    same(equation, (random) => tf.einsum(equation, ...shapes.map((shape) => random.normal(...shape))));
  }
});

describe('Einsum to a scalar, where js keeps an axis', () => {
  test('ij,kl->', async () => {
    await useBackend('wasm');
    const product = tf.einsum('ij,kl->', tf.fill([3, 4], 2), tf.fill([2, 5], 3));
    expect(product.shape).toEqual([]);
    // Σᵢⱼ 2 · Σₖₗ 3 = 24 · 30.
    expect([...(await product.data())]).toEqual([720]);
  });
});

describe('convolutions', () => {
  for (const stride of [1, 2]) {
    for (const pad of ['valid', 'same'] as const) {
      sameWithGradient(
        `conv2d, stride ${stride}, ${pad}`,
        (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
        (random) => [random.normal(2, 6, 5, 3), random.normal(3, 2, 3, 4)],
      );
      sameWithGradient(
        `depthwise, stride ${stride}, ${pad}`,
        (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
        (random) => [random.normal(2, 6, 5, 3), random.normal(3, 2, 3, 2)],
      );
      sameWithGradient(
        `conv3d, stride ${stride}, ${pad}`,
        (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, stride, pad),
        (random) => [random.normal(2, 4, 5, 3, 2), random.normal(2, 3, 2, 2, 3)],
      );
    }
  }
});

describe('MaxPoolGrad', () => {
  for (const shift of [-3, 0]) {
    sameWithGradient(
      `two dimensions, values about ${shift}`,
      (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'),
      (random) => [random.normal(2, 5, 6, 3).add(shift)],
    );
    sameWithGradient(
      `three dimensions, values about ${shift}`,
      (x) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'same'),
      (random) => [random.normal(1, 4, 5, 3, 2).add(shift)],
    );
  }
});

describe('Cumsum and Cumprod', () => {
  for (const axis of [0, 1, 2]) {
    same(`axis ${axis}`, (random) => [
      tf.cumsum(random.normal(3, 4, 5), axis),
      tf.cumsum(random.normal(3, 4, 5), axis, true),
      tf.cumsum(random.normal(3, 4, 5), axis, false, true),
      tf.cumprod(random.normal(3, 4, 5), axis, true, true),
    ]);
  }
  test('a negative axis counts from the end (js gives the wrong shape)', async () => {
    await useBackend('wasm');
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    await expectAllClose(tf.cumsum(x, -1), tf.tensor2d([1, 3, 6, 4, 9, 15], [2, 3]));
    await expectAllClose(tf.cumprod(x, -2), tf.tensor2d([1, 2, 3, 4, 10, 18], [2, 3]));
  });
});

describe('Cast and Identity', () => {
  same('to bool, int32 and back', (random) => [
    tf.tensor1d([-2, 0, 0.5, 300]).cast('bool'),
    random.normal(9).mul(5).cast('int32'),
    random.integers(9, 4).cast('float32'),
    random.integers(2, 4).cast('bool').cast('float32'),
  ]);
  test('a clone outlives its original', async () => {
    await useBackend('wasm');
    const x = tf.tensor1d([1, 2, 3]);
    const clone = x.clone();
    x.dispose();
    tf.dispose(tf.tensor1d([7, 8, 9]));
    expect([...(await clone.data())]).toEqual([1, 2, 3]);
    clone.dispose();
  });
});

describe('what stays wrong', () => {
  beforeAll(() => useBackend('wasm'));
  test('is refused', () => {
    const filter = tf.ones<tf.Rank.R3>([2, 2, 1]);
    const gradient = tf.grad((x) => tf.dilation2d(x as tf.Tensor4D, filter, 1, 'valid'));
    expect(() => gradient(tf.ones([1, 4, 4, 1]))).toThrow('wrong numbers on the wasm backend');
  });
});
