import * as tf from '@tensorflow/tfjs';
import { RandomNumbers } from './random-numbers.ts';

/**
 * Fails if `fn` leaves tensors behind, or data that the backend holds and no tensor knows. Runs it once before counting, so
 * that what is made lazily and kept on purpose does not count. `fn` disposes whatever it gets.
 */
export async function expectNoLeak(fn: () => unknown): Promise<void> {
  await fn();
  const [tensors, data] = [tf.memory().numTensors, tf.backend().numDataIds()];
  await fn();
  const leftTensors = tf.memory().numTensors - tensors;
  const leftData = tf.backend().numDataIds() - data;
  if (leftTensors !== 0 || leftData !== 0) {
    throw new Error(
      `after the call ${leftTensors} tensors and ${leftData} blocks of data more than before (backend ${tf.getBackend()})`,
    );
  }
}

export interface GradientCheck {
  /** Which inputs to differentiate by; default all of dtype float32. */
  readonly wrt?: readonly number[];
  /** h of (f(x + h) − f(x − h)) / 2h, times max(1, |x|). Default 1e-2: rounding and truncation cost about the same there. */
  readonly step?: number;
  /** Relative to the largest element of the gradient. Default 5e-3. */
  readonly tolerance?: number;
  /** Elements probed in each input, drawn by seed. Default 24. */
  readonly samples?: number;
}

/**
 * Compares tf.grads of L = Σ w ⊙ f(inputs), w fixed and random, with central differences: fourth-order ones
 * (8·[f(x+h) − f(x−h)] − [f(x+2h) − f(x−2h)]) / 12h, with the sum taken in float64 here, so that float32 rounding does not drown it.
 * `f` returns one tensor of any shape and must be smooth at the inputs.
 */
export async function expectGradientsMatch(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  options: GradientCheck = {},
): Promise<void> {
  const { step = 1e-2, tolerance = 5e-3, samples = 24 } = options;
  const wrt = options.wrt ?? inputs.flatMap((input, i) => (input.dtype === 'float32' ? [i] : []));
  const values = await Promise.all(inputs.map(async (input) => Float32Array.from(await input.data())));
  const random = new RandomNumbers(7);
  const weights = random.normals(tf.tidy(() => f(...inputs).size));

  const loss = async (at: number, element: number, value: number): Promise<number> => {
    const moved = Float32Array.from(values[at] as Float32Array);
    moved[element] = value;
    const output = tf.tidy(() => f(...inputs.map((x, i) => (i === at ? tf.tensor(moved, x.shape) : x))));
    const data = await output.data();
    output.dispose();
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += (data[i] as number) * (weights[i] as number);
    return sum;
  };

  const gradients = tf.tidy(() =>
    tf.grads((...chosen: tf.Tensor[]) => {
      const all = inputs.map((x, i) => (wrt.includes(i) ? (chosen[wrt.indexOf(i)] as tf.Tensor) : x));
      const output = f(...all);
      return output.mul(tf.tensor(weights, output.shape)).sum().asScalar();
    })(wrt.map((i) => inputs[i] as tf.Tensor)),
  );
  try {
    for (const [k, at] of wrt.entries()) {
      const gradient = await (gradients[k] as tf.Tensor).data();
      const scale = Math.max(1e-3, ...Array.from(gradient, Math.abs));
      for (let s = 0; s < Math.min(samples, gradient.length); s++) {
        const element = gradient.length <= samples ? s : random.integer(gradient.length);
        const x = (values[at] as Float32Array)[element] as number;
        // A power of two, so that x ± h and x ± 2h lose as little as they can.
        const h = 2 ** Math.round(Math.log2(step * Math.max(1, Math.abs(x))));
        const near = (await loss(at, element, x + h)) - (await loss(at, element, x - h));
        const far = (await loss(at, element, x + 2 * h)) - (await loss(at, element, x - 2 * h));
        const expected = (8 * near - far) / (12 * h);
        const got = gradient[element] as number;
        if (!(Math.abs(got - expected) <= tolerance * scale)) {
          throw new Error(
            `gradient of input ${at}, element ${element}: tf.grads says ${got}, finite differences ${expected} ` +
              `(allowed ${(tolerance * scale).toExponential(2)}; backend ${tf.getBackend()})`,
          );
        }
      }
    }
  } finally {
    tf.dispose(gradients);
  }
}
