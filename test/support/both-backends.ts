import * as tf from '@tensorflow/tfjs';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { expectAllClose, type Tolerance } from './allclose.ts';
import { RandomNumbers } from './random-numbers.ts';
import { expectNoLeak } from './tensors.ts';

/**
 * Runs `compute` on the js backend and on `backend`, on the same seeded inputs, compares all results, and checks that the
 * second run leaves nothing behind. `compute` makes its tensors from `normal` and `integers` and returns one or several.
 */
export async function expectSameAsJs(
  backend: BackendRequest,
  compute: (random: SeededTensors) => tf.Tensor | tf.Tensor[],
  tolerance: Partial<Tolerance> = {},
): Promise<void> {
  const run = () => tf.tidy(() => compute(new SeededTensors(11)));
  await useBackend('js');
  const expected = await read(run());
  await useBackend(backend);
  const actual = await read(run());
  if (actual.length !== expected.length) {
    throw new Error(`${actual.length} results where js has ${expected.length}`);
  }
  for (const [i, { shape, values }] of expected.entries()) {
    const got = actual[i] as (typeof actual)[number];
    if (`${got.shape}` !== `${shape}`) throw new Error(`shape [${got.shape}] where js has [${shape}]`);
    await expectAllClose(got.values, values, tolerance);
  }
  await expectNoLeak(() => tf.dispose(run()));
}

/** dx of Σ w ⊙ f(x), w fixed and random. */
export function gradientOf(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  random: SeededTensors,
): tf.Tensor[] {
  const weights = random.normal(...f(...inputs).shape);
  return tf.grads((...x: tf.Tensor[]) =>
    f(...x)
      .mul(weights)
      .sum()
      .asScalar(),
  )(inputs);
}

/** Tensors of seeded numbers on the backend in use. */
export class SeededTensors {
  private readonly random: RandomNumbers;

  constructor(seed: number) {
    this.random = new RandomNumbers(seed);
  }

  normal(...shape: number[]): tf.Tensor {
    return tf.tensor(this.random.normals(tf.util.sizeFromShape(shape)), shape);
  }

  integers(bound: number, ...shape: number[]): tf.Tensor {
    return tf.tensor(this.random.integers(tf.util.sizeFromShape(shape), bound), shape, 'int32');
  }
}

async function read(
  results: tf.Tensor | tf.Tensor[],
): Promise<{ shape: number[]; values: ArrayLike<number> }[]> {
  const list = Array.isArray(results) ? results : [results];
  const values = await Promise.all(list.map((tensor) => tensor.data()));
  tf.dispose(list);
  return list.map(({ shape }, i) => ({ shape, values: values[i] as unknown as ArrayLike<number> }));
}
