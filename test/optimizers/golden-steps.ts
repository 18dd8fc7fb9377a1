import { expect } from 'vitest';
import type { Optimizer } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { expectAllClose } from '../support/allclose.ts';
import golden from './golden.json' with { type: 'json' };
import { type Mode, slotValues, stepper, variableOf } from './stepper.ts';

/** Weights `p` and whatever else the golden file has of a step, in float64. */
interface GoldenStep {
  readonly p: readonly number[];
  readonly [quantity: string]: readonly number[] | number;
}

export const goldenSteps = (id: keyof typeof golden) => golden[id] as unknown as readonly GoldenStep[];

/** Steps of fixture F from the optimizer's first on: weights, and slots that the golden file has, after each. */
export async function expectGoldenSteps(
  id: keyof typeof golden,
  mode: Mode,
  optimizer: Optimizer,
  prefix: string,
): Promise<void> {
  const variable = variableOf(F.weights, F.shape);
  const steps = stepper(mode, optimizer, variable);
  for (const [t, step] of goldenSteps(id).entries()) {
    steps.step(F.gradients[t] as readonly number[]);
    // The spec's bound for float32: |W − golden| ≤ 2e-6 · max(1, |golden|).
    await expectAllClose(variable, step.p, { rtol: 2e-6, atol: 2e-6 });
    for (const [slot, values] of Object.entries(await slotValues(optimizer, prefix))) {
      const wanted = step[slot] as readonly number[] | undefined;
      if (wanted !== undefined) await expectAllClose(values, wanted, { rtol: 1e-5, atol: 1e-8 });
    }
  }
  expect(optimizer.iterations).toBe(2);
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
}

/** That an oracle takes the golden steps too: the file was made by another program, and judges it. */
export function expectOracleSteps(
  id: keyof typeof golden,
  oracle: { readonly weights: readonly number[]; step(gradient: readonly number[]): void },
): void {
  for (const [t, { p }] of goldenSteps(id).entries()) {
    oracle.step(F.gradients[t] as readonly number[]);
    p.forEach((expected, i) => {
      // The golden file has twelve digits.
      expect(oracle.weights[i], `${id} W${t + 1}[${i}]`).toBeCloseTo(expected, 11);
    });
  }
}
