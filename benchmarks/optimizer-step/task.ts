import type { OptimizerName, OptimizerStepConfig } from './config.ts';
import { bertShapes } from './shapes.ts';

/** The work that all contestants of one optimizer do, as it goes over the line; the Python peers read the same. */
export interface Task {
  readonly shapes: readonly (readonly number[])[];
  readonly weightScale: number;
  /** Untimed steps at the beginning: state is made, and a captured step is recorded twice before its graph runs. */
  readonly warmUp: number;
  /** Every step has the same gradients. */
  readonly gradientScale: number;
  readonly came: CameSettings;
  readonly adamw: AdamWSettings;
}

export interface CameSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly beta3: number;
  readonly epsilon1: number;
  readonly epsilon2: number;
  readonly clipThreshold: number;
  readonly weightDecay: number;
}

export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Which values of which tensor are compared at the end. */
export interface ValueSample {
  readonly index: number;
  readonly elements: readonly number[];
}

/** Bytes that one step must move for each parameter, in as few passes as the rule allows (specs: CAME 4 + 4 + 12 + 12). */
export const BYTES_PER_PARAMETER: Readonly<Record<OptimizerName, number>> = { came: 32, adamw: 28 };

/** Options are the authors' and PyTorch's defaults, given by name so that nobody's own defaults matter. */
export function createTask({ bert, learningRate }: OptimizerStepConfig): Task {
  return {
    shapes: bertShapes(bert),
    warmUp: 4,
    weightScale: 2 ** -4,
    gradientScale: 2 ** -7,
    came: {
      learningRate,
      beta1: 0.9,
      beta2: 0.999,
      beta3: 0.9999,
      epsilon1: 1e-30,
      epsilon2: 1e-16,
      clipThreshold: 1,
      weightDecay: 0,
    },
    adamw: { learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  };
}

const ELEMENTS = 500;

/** The token embedding, a LayerNorm gain, an attention kernel, a feed-forward kernel and the last bias, some values of each. */
export function chooseSamples(shapes: readonly (readonly number[])[]): ValueSample[] {
  const feedForward = shapes.findIndex(
    ([inputs, outputs]) => outputs !== undefined && outputs > (inputs as number),
  );
  const indices = [0, 3, 5, feedForward, shapes.length - 1];
  return indices.map((index) => {
    const size = (shapes[index] as readonly number[]).reduce((product, length) => product * length, 1);
    const count = Math.min(size, ELEMENTS);
    return { index, elements: Array.from({ length: count }, (_, at) => Math.floor((at * size) / count)) };
  });
}
