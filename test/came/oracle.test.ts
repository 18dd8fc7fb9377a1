import { expect, it } from 'vitest';
import { CameOracle } from '../oracle/optimizers/came.ts';
import { B, F, type Fixture, K, V } from './fixtures.ts';
import golden from './golden.json' with { type: 'json' };

/** The golden steps were made by another program and agree with the authors' code in float64: here they judge our oracle. */
it.each<[string, Fixture, object]>([
  ['G01', F, {}],
  ['G03', F, { clipThreshold: 0.5 }],
  ['G04', F, { weightDecay: 0.1 }],
  ['G08', V, {}],
  ['G10', { ...V, shape: [4, 1] }, {}],
  ['G11', B, {}],
  ['G12', K, {}],
  ['G17', F, { beta2: 0.95, beta3: 0.995 }],
])('the float64 oracle agrees with %s', (id, fixture, options) => {
  const oracle = new CameOracle(fixture.shape, fixture.weights, { learningRate: 1e-2, ...options });
  const steps = golden[id as keyof typeof golden] as unknown as { p: number[]; m: number[]; rms: number }[];
  for (const [t, { p, m, rms }] of steps.entries()) {
    oracle.step(fixture.gradients[t] as readonly number[]);
    // The golden file has twelve digits.
    const near = (actual: number, expected: number) => expect(actual).toBeCloseTo(expected, 10);
    p.forEach((expected, i) => {
      near(oracle.weights[i] as number, expected);
    });
    m.forEach((expected, i) => {
      near(oracle.momentum[i] as number, expected);
    });
    near(oracle.rms, rms);
  }
});
