import { expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { MODES, stepper, variableOf } from '../optimizers/stepper.ts';
import { CameOracle, type CameOracleOptions } from '../oracle/optimizers/came.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

const SHAPES = [[], [5], [4, 3], [1, 6], [6, 1], [2, 3, 4], [2, 2, 3, 4]] as const;

/** Ablations and what is not in the paper; a clip of the update after the bias correction would differ, and is not both here. */
const VARIANTS: Readonly<Record<string, Omit<CameOracleOptions, 'learningRate'>>> = {
  'as published': {},
  'without confidence': { confidence: false },
  'with bias correction': { biasCorrection: 'full' },
  'with a clip of the update': { updateClip: 0.5 },
  'with confidence for vectors': { confidenceForVectors: true },
  cautious: { cautious: true },
};

it.each(
  Object.keys(VARIANTS).flatMap((variant) =>
    MODES.flatMap((mode) => SHAPES.map((shape) => [variant, mode, shape] as const)),
  ),
)('CAME %s, %s: 12 steps of shape [%s] agree with the float64 oracle', async (variant, mode, shape) => {
  const random = new RandomNumbers(shape.length + 1);
  const size = shape.reduce((a: number, b) => a * b, 1);
  const weights = Array.from(random.normals(size));
  const options = { learningRate: 1e-2, weightDecay: 0.05, ...VARIANTS[variant] };
  const oracle = new CameOracle(shape, weights, options);
  const variable = variableOf(weights, shape);
  const optimizer = new CAME(options);
  const steps = stepper(mode, optimizer, variable);
  for (let t = 0; t < 12; t++) {
    const gradient = Array.from(random.normals(size));
    steps.step(gradient);
    oracle.step(gradient);
    const actual = await variable.data();
    oracle.weights.forEach((expected, i) => {
      // float32 of the rule against float64: 1.8e-7 of max |W| after 10 steps on the literal form; twelve steps of up to
      // 30 η each add their rounding.
      expect(Math.abs((actual[i] as number) - expected)).toBeLessThan(5e-6 * Math.max(1, Math.abs(expected)));
    });
  }
  expect(optimizer.iterations).toBe(12);
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
});
