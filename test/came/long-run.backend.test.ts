import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { MODES, stepper, variableOf } from '../optimizers/stepper.ts';
import { CameOracle } from '../oracle/optimizers/came.ts';
import golden from './golden.json' with { type: 'json' };

const gradient = [0.3, -0.3, 0.3, -0.3];
const CASES = [
  ['G20', [2, 2]],
  ['G20b', [4]],
] as const;
const goldenUpdates = (id: 'G20' | 'G20b') => golden[id] as unknown as readonly (readonly [number, number])[];
const [soon, late] = [(t: number) => t <= 100, (t: number) => t > 100];

// A constant gradient: nothing bounds |update|/η, which grows until 1/√ε₂.
describe.each(MODES)('constant gradient, %s', (mode) => {
  it.each(CASES)('%s: the updates of the first hundred steps', async (id, shape) => {
    const expected = new Map(goldenUpdates(id).filter(([t]) => soon(t)));
    const variable = variableOf([0, 0, 0, 0], shape);
    // W moves only where the golden file has the update, so that it is not lost in the rounding of a sum.
    const optimizer = new CAME({ learningRate: (completed) => (expected.has(completed + 1) ? 1 : 0) });
    const steps = stepper(mode, optimizer, variable);
    let sum = 0;
    for (let t = 1; t <= 100; t++) {
      steps.step(gradient);
      const update = expected.get(t);
      if (update === undefined) continue;
      sum += update;
      // Averages of a hundred steps in float32: measured 3e-6.
      await expectMoved(variable, sum, 2e-5);
    }
    expect(expected.size).toBeGreaterThan(5);
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
  });

  it.each(CASES)(
    '%s: the updates up to the last, each from the state that the oracle reaches',
    async (id, shape) => {
      const oracle = new CameOracle(shape, [0, 0, 0, 0], { learningRate: 1 });
      const variable = variableOf([0, 0, 0, 0], shape);
      const optimizer = new CAME({ learningRate: 1 });
      const steps = stepper(mode, optimizer, variable);
      steps.step(gradient);
      let sum = await first(variable);
      for (const [t, update] of goldenUpdates(id).filter(([t]) => late(t))) {
        while (oracle.steps < t - 1) oracle.step(gradient);
        await give(optimizer, oracle);
        steps.step(gradient);
        sum += update;
        // One step in float32, and W of up to 130 carries its rounding.
        await expectMoved(variable, sum, 2e-6);
      }
      steps.dispose();
      optimizer.dispose();
      variable.dispose();
    },
  );
});

/** That each |W| is `expected`, with the sign against the gradient's. */
async function expectMoved(variable: tf.Variable, expected: number, tolerance: number): Promise<void> {
  (await variable.data()).forEach((w, i) => {
    const moved = -w * Math.sign(gradient[i] as number);
    expect(Math.abs(moved / expected - 1), `${moved} for ${expected} on ${tf.getBackend()}`).toBeLessThan(
      tolerance,
    );
  });
}

async function first(variable: tf.Variable): Promise<number> {
  return Math.abs((await variable.data())[0] as number);
}

/** Writes the state of the oracle into the slots of the only variable. */
async function give(optimizer: CAME, oracle: CameOracle): Promise<void> {
  const values: Record<string, readonly number[]> = {
    m: oracle.momentum,
    v: oracle.secondMoment,
    vr: oracle.rowMoment,
    vc: oracle.columnMoment,
    rr: oracle.rowInstability,
    rc: oracle.columnInstability,
  };
  const [, ...slots] = await optimizer.getWeights();
  for (const { name, tensor } of slots) {
    const value = tf.tensor(Float32Array.from(values[name.split('came_')[1] as string] ?? []), tensor.shape);
    (tensor as tf.Variable).assign(value);
    value.dispose();
  }
}
