import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { compile } from '../../src/compile/index.ts';
import { noDecayForVectors } from '../../src/optimizers/index.ts';
import { MODES, type Mode, slotValues, stepper, variableOf } from '../optimizers/stepper.ts';
import { expectAllClose } from '../support/allclose.ts';
import { F, V } from './fixtures.ts';
import golden from './golden.json' with { type: 'json' };

const first = F.gradients[0] as number[];

describe.each(MODES)('golden edge cases, %s', (mode) => {
  it('G14: a variable without a gradient is left alone, without state, and starts fresh when it gets one', async () => {
    const a = variableOf([1, 2], [2]);
    const b = variableOf(F.weights, F.shape);
    const optimizer = new CAME({ learningRate: 1e-2 });
    const step = stepOf(mode, (gradient) =>
      optimizer.applyGradients([
        { name: a.name, tensor: gradient },
        { name: b.name, tensor: null as unknown as tf.Tensor },
      ]),
    );
    const gradient = tf.tensor1d([1, -1]);
    tf.dispose(step(gradient));
    expect(optimizer.iterations).toBe(1);
    expect(optimizer.stateSummary().map(({ name }) => name)).toEqual([a.name]);
    await expectAllClose(b, F.weights, { rtol: 0, atol: 1e-7 });
    const later = stepper(mode, optimizer, b);
    later.step(first);
    // W₁ of G01, at the golden tolerance.
    await expectAllClose(b, golden.G01[0]?.p as number[], { rtol: 2e-6, atol: 2e-6 });
    step.dispose();
    later.dispose();
    optimizer.dispose();
    tf.dispose([a, b, gradient]);
  });

  it('G16: finite for gradients up to 1e18 with a zero row and a zero column, and the same for all scales', async () => {
    const shape = [3, 4];
    const gradient = Array.from({ length: 12 }, (_, k) => (k < 4 || k % 4 === 1 ? 0 : Math.sin(1.7 * k)));
    const rounded = [-0.0082, 0, 0.0095, 0.0139, -0.0146, 0, 0.0133, 0.0034];
    let reference: number[] | undefined;
    for (const scale of [1, 1e4, 1e8, 1e15, 1e18]) {
      const variable = variableOf(new Array(12).fill(0), shape);
      const optimizer = new CAME({ learningRate: 1e-3 });
      const steps = stepper(mode, optimizer, variable);
      steps.step(gradient.map((g) => g * scale));
      const moved = Array.from(await variable.data());
      gradient.forEach((g, k) => {
        if (g === 0) expect(moved[k]).toBe(0);
      });
      // The spec gives four digits after the point.
      await expectAllClose(moved.slice(4), rounded, { rtol: 0, atol: 5.1e-5 });
      // The scales are no powers of two: g∘g, two roots and four products round differently.
      if (reference !== undefined) await expectAllClose(moved, reference, { rtol: 4e-6, atol: 0 });
      reference = moved;
      for (const values of Object.values(await slotValues(optimizer, 'came_'))) {
        expect(values.every(Number.isFinite)).toBe(true);
      }
      steps.dispose();
      optimizer.dispose();
      variable.dispose();
    }
  });

  it.each([
    ['decay on matrices only', { decay: (_name: string, shape: readonly number[]) => shape.length > 1 }, 1],
    ['groups', { groups: [{ ...noDecayForVectors, learningRateScale: 0.5 }] }, 0.5],
  ] as const)('G23: %s, in one step', async (_what, options, scale) => {
    const matrix = variableOf(F.weights, F.shape);
    const vector = variableOf(V.weights, V.shape);
    const optimizer = new CAME({ learningRate: 1e-2, weightDecay: 0.1, ...options });
    const step = stepOf(mode, (...tensors) =>
      optimizer.applyGradients([
        { name: vector.name, tensor: tensors[0] as tf.Tensor },
        { name: matrix.name, tensor: tensors[1] as tf.Tensor },
      ]),
    );
    const gradients = [tf.tensor1d(V.gradients[0] as number[]), tf.tensor2d(first, [2, 3])];
    tf.dispose(step(...gradients));
    await expectAllClose(matrix, golden.G04[0]?.p as number[], { rtol: 2e-6, atol: 2e-6 });
    const moved = V.weights.map((w, i) => w + scale * ((golden.G08[0]?.p[i] as number) - w));
    await expectAllClose(vector, moved, { rtol: 2e-6, atol: 2e-6 });
    step.dispose();
    optimizer.dispose();
    tf.dispose([matrix, vector, gradients]);
  });

  it('G24: a record and a list in another order give the same', async () => {
    const [left, right] = [pair(), pair()];
    const optimizers = [new CAME({ learningRate: 1e-2 }), new CAME({ learningRate: 1e-2 })] as const;
    const record = stepOf(mode, (...[matrix, vector]) =>
      optimizers[0].applyGradients({
        [left[0].name]: matrix as tf.Tensor,
        [left[1].name]: vector as tf.Tensor,
      }),
    );
    const list = stepOf(mode, (...[matrix, vector]) =>
      optimizers[1].applyGradients([
        { name: right[1].name, tensor: vector as tf.Tensor },
        { name: right[0].name, tensor: matrix as tf.Tensor },
      ]),
    );
    for (let t = 0; t < 2; t++) {
      const gradients = [
        tf.tensor2d(F.gradients[t] as number[], [2, 3]),
        tf.tensor1d(V.gradients[t] as number[]),
      ];
      tf.dispose([record(...gradients), list(...gradients), gradients]);
    }
    for (const k of [0, 1] as const)
      await expectAllClose(right[k], Array.from(await left[k].data()), { rtol: 0, atol: 0 });
    await expectAllClose(right[0], golden.G01[1]?.p as number[], { rtol: 2e-6, atol: 2e-6 });
    record.dispose();
    list.dispose();
    for (const optimizer of optimizers) optimizer.dispose();
    tf.dispose([...left, ...right]);

    function pair() {
      return [variableOf(F.weights, F.shape), variableOf(V.weights, V.shape)] as const;
    }
  });
});

/** `apply` as one step; captured, a compiled one. Returns a sum to be disposed. */
function stepOf(mode: Mode, apply: (...gradients: tf.Tensor[]) => void) {
  const step = (...gradients: tf.Tensor[]) => {
    apply(...gradients);
    return tf.sum(gradients[0] as tf.Tensor);
  };
  return mode === 'captured' ? compile(step) : Object.assign(step, { dispose: () => undefined });
}

describe.each(MODES)('non-finite gradients, %s', (mode) => {
  const bad = [
    ['NaN', Number.NaN],
    ['an infinity', Number.NEGATIVE_INFINITY],
    ['an overflowing square', 3e19],
  ] as const;

  it.each(bad)(
    'skip: %s changes neither variable nor state, and the next step is as if it had not come',
    async (_what, value) => {
      for (const { shape, weights, gradients } of [F, { ...F, shape: [6] }]) {
        const expected = variableOf(weights, shape);
        const skipped = variableOf(weights, shape);
        const options = { learningRate: 1e-2, weightDecay: 0.1, nonFinite: 'skip' } as const;
        const reference = new CAME(options);
        const optimizer = new CAME(options);
        const right = stepper('eager', reference, expected);
        const left = stepper(mode, optimizer, skipped);
        for (const [t, gradient] of gradients.entries()) {
          right.step(gradient);
          left.step(gradient);
          left.step(gradient.map((g, k) => (k === t + 1 ? value : g)));
        }
        // Captured, TensorFlow may fuse and round otherwise.
        await expectAllClose(skipped, expected, { rtol: 1e-6, atol: 1e-6 });
        const state = await slotValues(optimizer, 'came_');
        for (const [slot, values] of Object.entries(await slotValues(reference, 'came_'))) {
          await expectAllClose(state[slot] as number[], values, {
            rtol: 1e-5,
            atol: slot === 'm' ? 1e-6 : 0,
          });
        }
        expect(optimizer.iterations).toBe(6);
        left.dispose();
        tf.dispose([expected, skipped]);
        reference.dispose();
        optimizer.dispose();
      }
    },
  );

  it('propagate, the default: one NaN reaches the whole matrix', async () => {
    const variable = variableOf(F.weights, F.shape);
    const optimizer = new CAME({ learningRate: 1e-2 });
    const steps = stepper(mode, optimizer, variable);
    steps.step(first.map((g, k) => (k === 2 ? Number.NaN : g)));
    expect(Array.from(await variable.data()).every(Number.isNaN)).toBe(true);
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
  });
});

it('skips a variable without elements', () => {
  const empty = variableOf([], [0, 3]);
  const gradient = tf.tensor([], [0, 3]);
  const optimizer = new CAME({ learningRate: 1e-2 });
  optimizer.applyGradients({ [empty.name]: gradient });
  expect(optimizer.stateSummary()).toEqual([]);
  optimizer.dispose();
  tf.dispose([empty, gradient]);
});
