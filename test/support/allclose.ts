import * as tf from '@tensorflow/tfjs';

export interface Tolerance {
  /** Relative to |expected|. */
  readonly rtol: number;
  /** Absolute. */
  readonly atol: number;
}

type Nested = number | readonly Nested[];
/** Anything that holds numbers in row-major order. */
export type Numbers = tf.Tensor | ArrayLike<number> | Nested;

/**
 * Default tolerances by tfjs backend name, for a handful of float32 operations on values near 1 against a float64 oracle.
 * A test of something longer (a deep model, many steps) states its own, with its reason.
 */
export const DEFAULT_TOLERANCE: Readonly<Record<string, Tolerance>> = {
  // Eigen: sums in blocks, fused multiply-add; a few units in the last place (6e-8) of each intermediate.
  tensorflow: { rtol: 1e-5, atol: 1e-6 },
  // Stores float32, computes in float64.
  cpu: { rtol: 1e-5, atol: 1e-6 },
  // XNNPACK: sums in vector lanes, its own polynomials for exp and tanh (2–3 units in the last place).
  wasm: { rtol: 1e-5, atol: 2e-6 },
  // WGSL grants exp 3 + 2·|x| units in the last place, tanh and pow more, and division 2.5.
  webgpu: { rtol: 1e-4, atol: 1e-5 },
};

/** The defaults of the backend in use, each multiplied by `factor`. */
export function tolerance(factor = 1): Tolerance {
  const { rtol, atol } = DEFAULT_TOLERANCE[tf.getBackend()] as Tolerance;
  return { rtol: rtol * factor, atol: atol * factor };
}

/**
 * Fails unless |actual − expected| ≤ atol + rtol·|expected| for every element, NaN equal to NaN, and names the worst one.
 * Two tensors must have the same shape; otherwise the same number of elements. Tensors are read, not disposed.
 */
export async function expectAllClose(
  actual: Numbers,
  expected: Numbers,
  options: Partial<Tolerance> = {},
): Promise<void> {
  const { rtol, atol } = { ...tolerance(), ...options };
  if (
    actual instanceof tf.Tensor &&
    expected instanceof tf.Tensor &&
    !sameShape(actual.shape, expected.shape)
  ) {
    throw new Error(`shape [${actual.shape}] is not the expected [${expected.shape}]`);
  }
  const got = await flatten(actual);
  const want = await flatten(expected);
  if (got.length !== want.length)
    throw new Error(`${got.length} elements where ${want.length} were expected`);
  let wrong = 0;
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < want.length; i++) {
    const a = got[i] as number;
    const e = want[i] as number;
    if (Object.is(a, e) || a === e) continue;
    const excess = Math.abs(a - e) / (atol + rtol * Math.abs(e));
    if (excess <= 1) continue;
    wrong++;
    // A comparison with NaN is false, so that NaN against a number, or ∞ against a number, counts as worst.
    if (!(excess <= worstExcess)) {
      worst = i;
      worstExcess = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
    }
  }
  if (wrong === 0) return;
  const shape =
    actual instanceof tf.Tensor
      ? actual.shape
      : expected instanceof tf.Tensor
        ? expected.shape
        : [want.length];
  const [a, e] = [got[worst] as number, want[worst] as number];
  const difference = Math.abs(a - e);
  throw new Error(
    `${wrong} of ${want.length} elements differ; worst at [${coordinates(worst, shape)}]: ${a} where ${e} was expected ` +
      `(difference ${difference.toExponential(2)}, allowed ${(atol + rtol * Math.abs(e)).toExponential(2)}: ` +
      `rtol ${rtol}, atol ${atol}; backend ${tf.getBackend()})`,
  );
}

/** Largest |actual − expected|, for reports. */
export async function maxDifference(actual: Numbers, expected: Numbers): Promise<number> {
  const got = await flatten(actual);
  const want = await flatten(expected);
  if (got.length !== want.length)
    throw new Error(`${got.length} elements where ${want.length} were expected`);
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs((got[i] as number) - (want[i] as number));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

async function flatten(values: Numbers): Promise<ArrayLike<number>> {
  if (values instanceof tf.Tensor) return (await values.data()) as ArrayLike<number>;
  if (typeof values === 'number') return [values];
  if (Array.isArray(values)) return values.flat(Number.POSITIVE_INFINITY) as number[];
  return values as ArrayLike<number>;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function coordinates(index: number, shape: readonly number[]): number[] {
  const at: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    at.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return at;
}
