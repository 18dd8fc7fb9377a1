import { UserError } from '../errors.ts';
import type { RandomStream } from '../random/index.ts';

/** Fills a new weight of the given shape, row-major; draws from `stream` and changes nothing else. */
export type Initializer = (shape: readonly number[], stream: RandomStream) => Float32Array;

export const zeros: Initializer = (shape) => new Float32Array(sizeOf(shape));

export const ones: Initializer = (shape) => new Float32Array(sizeOf(shape)).fill(1);

/** N(0, σ²). GPT-2 takes σ = 0.02. */
export function normal(deviation: number): Initializer {
  return (shape, stream) => fill(shape, () => deviation * stream.normal());
}

/**
 * N(0, σ²) drawn again where it falls beyond 2σ, as BERT's `truncated_normal_initializer(0.02)`. σ is the deviation before
 * truncation; what remains has 0.87962566 σ.
 */
export function truncatedNormal(deviation: number): Initializer {
  return (shape, stream) =>
    fill(shape, () => {
      let value = stream.normal();
      while (Math.abs(value) > 2) value = stream.normal();
      return deviation * value;
    });
}

/** U(−a, a), a = gain · √(6 / (fan-in + fan-out)). Glorot and Bengio 2010, eq. 16. */
export function xavierUniform(gain = 1): Initializer {
  return (shape, stream) => {
    const { fanIn, fanOut } = fans(shape);
    return fill(shape, uniform(gain * Math.sqrt(6 / (fanIn + fanOut)), stream));
  };
}

/** N(0, σ²), σ = gain · √(2 / (fan-in + fan-out)). Glorot and Bengio 2010. */
export function xavierNormal(gain = 1): Initializer {
  return (shape, stream) => {
    const { fanIn, fanOut } = fans(shape);
    return normal(gain * Math.sqrt(2 / (fanIn + fanOut)))(shape, stream);
  };
}

/**
 * U(−a, a), a = gain · √(3 / fan-in). He et al. 2015; gain √2 is theirs for ReLU. PyTorch's default for Linear,
 * `kaiming_uniform_(a=√5)`, is gain √(1/3), that is a = 1/√fan-in.
 */
export function kaimingUniform(gain: number = Math.SQRT2): Initializer {
  return (shape, stream) => fill(shape, uniform(gain * Math.sqrt(3 / fans(shape).fanIn), stream));
}

/** N(0, σ²), σ = gain / √fan-in. He et al. 2015, eq. 10; gain √2 is theirs for ReLU. */
export function kaimingNormal(gain: number = Math.SQRT2): Initializer {
  return (shape, stream) => normal(gain / Math.sqrt(fans(shape).fanIn))(shape, stream);
}

/**
 * Fan-in and fan-out of a kernel whose last two axes are [in, out]: a Linear kernel [in, out], or a convolution kernel
 * [height, width, in, out], where both count once for each position of the window. PyTorch stores [out, in].
 *
 * @throws UserError for a shape of fewer than two axes
 */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [fanIn, fanOut] = shape.slice(-2);
  if (fanIn === undefined || fanOut === undefined) {
    throw new UserError(`Fan-in and fan-out need a kernel [.., in, out], got [${shape.join(', ')}].`);
  }
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * fanIn, fanOut: window * fanOut };
}

function uniform(bound: number, stream: RandomStream): () => number {
  return () => bound * (2 * stream.uniform() - 1);
}

function fill(shape: readonly number[], draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
