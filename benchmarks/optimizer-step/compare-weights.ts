import type { Started } from './contestants.ts';
import type { ValueSample } from './task.ts';

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
  started: readonly Pick<Started, 'name' | 'rule' | 'process'>[],
  samples: readonly ValueSample[],
): Promise<WeightDifference[]> {
  const differences: WeightDifference[] = [];
  const references = new Map<string, { name: string; values: number[][] }>();
  for (const { name, rule, process } of started) {
    const values = (await process.ask('values', { samples })).values as number[][];
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
