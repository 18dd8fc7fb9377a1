import type { Initializer } from '../../src/nn/index.ts';

/** U(low, high). */
export function uniform(low: number, high: number): Initializer {
  return (shape, stream) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return Float32Array.from({ length: size }, () => low + (high - low) * stream.uniform());
  };
}

/** U(−1/√fan-in, 1/√fan-in): PyTorch's default for weights and biases of Linear and Conv2d alike. */
export function fanInUniform(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return uniform(-bound, bound);
}
