import type { ValueSample } from './samples.ts';

/** Who has made its warm-up steps. */
export interface Weighed {
  readonly name: string;
  /** The optimizer that it is: those of one rule must have the same weights. */
  readonly rule: string;
  /** The values that the samples name, of its weights now. */
  values(samples: readonly ValueSample[]): Promise<number[][]>;
}

/** Largest difference of a contestant's weights from those of the first with the same rule, relative to the tensor's largest. */
export interface WeightDifference {
  readonly name: string;
  readonly reference: string;
  readonly difference: number;
}

/** float32 rounding over the steps of the warm-up, with room: CAME in float32 is 1.8e-7 from float64 after 10 steps. */
export const WEIGHT_TOLERANCE = 1e-5;

/**
 * After as many steps everybody must have the same weights.
 * @throws Error naming the contestant whose weights disagree
 */
export async function compareWeights(
  started: readonly Weighed[],
  samples: readonly ValueSample[],
): Promise<WeightDifference[]> {
  const differences: WeightDifference[] = [];
  const references = new Map<string, { name: string; values: number[][] }>();
  for (const contestant of started) {
    const { name, rule } = contestant;
    const values = await contestant.values(samples);
    const reference = references.get(rule);
    if (reference === undefined) {
      references.set(rule, { name, values });
      continue;
    }
    const difference = Math.max(
      ...values.map((tensor, at) => relativeDifference(tensor, reference.values[at] as number[])),
    );
    if (!(difference <= WEIGHT_TOLERANCE)) {
      throw new Error(
        `${name} does not do the same work as ${reference.name}: after as many ${rule} steps with the same gradients the ` +
          `weights differ by ${difference.toExponential(1)} of the largest one`,
      );
    }
    differences.push({ name, reference: reference.name, difference });
  }
  return differences;
}

function relativeDifference(a: readonly number[], b: readonly number[]): number {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, at) => Math.abs(value - (b[at] as number)))) / largest;
}
