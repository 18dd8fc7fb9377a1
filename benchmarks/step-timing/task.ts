/** The work of one optimizer step that is timed, as it goes over the line; the Python peers read the same. */
export interface StepTask {
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

/** Options are the authors' and PyTorch's defaults, given by name so that nobody's own defaults matter. */
export function createStepTask(shapes: readonly (readonly number[])[], learningRate: number): StepTask {
  return {
    shapes,
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
