import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import type { Optimizer, OptimizerOptions } from '../../src/optimizers/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { MODES, slotValues, stepper, variableOf } from './stepper.ts';

const EXACT = { rtol: 0, atol: 0 };
const start = [0.5, -0.3, 0.8, -1.2, 0.7, 0.1];
const gradientOf = (t: number, size = 6) => Array.from({ length: size }, (_, k) => Math.sin(1 + k + 3 * t));
const sizeOf = (shape: readonly number[]) => tf.util.sizeFromShape([...shape]);

/** An independent reading of the rule, in float64. */
export interface Oracle {
  readonly weights: readonly number[];
  /** State by the slot's short name. */
  readonly slots: Readonly<Record<string, readonly number[]>>;
  step(gradient: readonly number[]): void;
}

/** Twelve steps of scalars, vectors, matrices and batches of them, eager and captured: weights at each, state at the end. */
export function agreesWithOracle(
  what: string,
  prefix: string,
  make: () => Optimizer,
  oracleOf: (shape: readonly number[], weights: readonly number[]) => Oracle,
): void {
  const shapes = [[], [5], [4, 3], [1, 6], [6, 1], [2, 3, 4], [2, 2, 3, 4]];
  it.each(MODES.flatMap((mode) => shapes.map((shape) => [mode, shape] as const)))(
    `${what}, %s: 12 steps of shape [%s] agree with the float64 oracle`,
    async (mode, shape) => {
      const random = new RandomNumbers(shape.length + 1);
      const weights = Array.from(random.normals(sizeOf(shape)));
      const oracle = oracleOf(shape, weights);
      const variable = variableOf(weights, shape);
      const optimizer = make();
      const steps = stepper(mode, optimizer, variable);
      for (let t = 0; t < 12; t++) {
        const gradient = Array.from(random.normals(sizeOf(shape)));
        steps.step(gradient);
        oracle.step(gradient);
        // Each step rounds W (6e-8) and an update of η at most a few times itself.
        await expectAllClose(variable, oracle.weights, { rtol: 3e-6, atol: 3e-6 });
      }
      const slots = await slotValues(optimizer, prefix);
      expect(Object.keys(slots).sort()).toEqual(Object.keys(oracle.slots).sort());
      for (const [slot, values] of Object.entries(oracle.slots)) {
        await expectAllClose(slots[slot] as number[], values, { rtol: 1e-5, atol: 1e-6 });
      }
      expect(optimizer.iterations).toBe(12);
      steps.dispose();
      optimizer.dispose();
      variable.dispose();
    },
  );
}

/**
 * `state`: how many numbers a variable of a shape needs, by section 3 of the comparison's specification. `transient`: how many
 * tensors of the largest variable's size, [96, 128], a step needs besides.
 */
export function keepsTheContract(
  name: string,
  make: () => Optimizer,
  state: readonly (readonly [shape: readonly number[], numbers: number])[],
  transient = 3,
): void {
  describe(`${name} as a tf.Optimizer`, () => {
    it.each(state)('state of shape [%s]: %i numbers, said and held', (shape, numbers) => {
      const variable = variableOf(new RandomNumbers(1).normals(sizeOf(shape)), shape);
      const optimizer = make();
      const gradient = tf.onesLike(variable);
      const before = tf.memory().numBytes;
      optimizer.applyGradients({ [variable.name]: gradient });
      expect(optimizer.stateBytes()).toBe(4 * numbers);
      expect(tf.memory().numBytes - before).toBe(4 * numbers);
      optimizer.dispose();
      expect(tf.memory().numBytes).toBe(before);
      tf.dispose([variable, gradient]);
    });

    it(`needs at most ${transient} times the largest variable for a step`, async () => {
      const largest = [96, 128];
      const random = new RandomNumbers(5);
      const variables = [largest, [128], largest, [50, 60]].map((shape) =>
        variableOf(random.normals(sizeOf(shape)), shape),
      );
      const gradients = Object.fromEntries(variables.map((w) => [w.name, tf.onesLike(w)]));
      const optimizer = make();
      optimizer.applyGradients(gradients);
      const before = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(
        () => optimizer.applyGradients(gradients) as unknown as undefined,
      );
      // Beside the full-size tensors, at most nine of a row and nine of a column.
      expect(peakBytes - before).toBeLessThanOrEqual(4 * (transient * 96 * 128 + 9 * (96 + 128)));
      expect(tf.memory().numBytes).toBe(before);
      optimizer.dispose();
      tf.dispose([variables, gradients]);
    });

    it.each(MODES)('holds as many tensors after the tenth step as after the fifth, %s', (mode) => {
      const before = tf.memory();
      const variable = variableOf(start, [2, 3]);
      const optimizer = make();
      const steps = stepper(mode, optimizer, variable);
      // A captured step is recorded in the first few calls.
      for (let t = 0; t < 5; t++) steps.step(gradientOf(t));
      const fifth = tf.memory();
      for (let t = 5; t < 10; t++) steps.step(gradientOf(t));
      expect(tf.memory().numTensors).toBe(fifth.numTensors);
      expect(tf.memory().numDataBuffers).toBe(fifth.numDataBuffers);
      steps.dispose();
      optimizer.dispose();
      variable.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    });

    it('takes a record and a list in any order, inside a tidy of the user, with the same result', async () => {
      const [a, b, c, d] = [
        variableOf(start, [2, 3]),
        variableOf(start, [6]),
        variableOf(start, [2, 3]),
        variableOf(start, [6]),
      ];
      const [first, second] = [make(), make()];
      const [matrix, vector] = [tf.tensor2d(gradientOf(1), [2, 3]), tf.tensor1d(gradientOf(2))];
      for (let t = 0; t < 3; t++) {
        first.applyGradients({ [a.name]: matrix, [b.name]: vector });
        const list = [
          { name: d.name, tensor: vector },
          { name: c.name, tensor: matrix },
        ];
        tf.tidy(() => second.applyGradients(t === 0 ? list : list.reverse()));
      }
      await expectAllClose(c, a, EXACT);
      await expectAllClose(d, b, EXACT);
      await expect(expectAllClose(a, start)).rejects.toThrow();
      first.dispose();
      second.dispose();
      tf.dispose([a, b, c, d, matrix, vector]);
    });

    it('leaves a variable without a gradient alone, and counts the step', async () => {
      const [a, b] = [variableOf(start, [6]), variableOf(start, [6])];
      const optimizer = make();
      const gradient = tf.tensor1d(gradientOf(0));
      optimizer.applyGradients([
        { name: a.name, tensor: gradient },
        { name: b.name, tensor: null as unknown as tf.Tensor },
      ]);
      await expectAllClose(b, start.map(Math.fround), EXACT);
      expect(optimizer.stateSummary().map(({ name }) => name)).toEqual([a.name]);
      expect(optimizer.iterations).toBe(1);
      optimizer.dispose();
      tf.dispose([a, b, gradient]);
    });

    it('keeps the state of one variable apart from that of another of the same shape', async () => {
      // By position, as TensorFlow.js's own optimizers go, b's second step would use a's state.
      const [a, b, alone] = [variableOf(start, [2, 3]), variableOf(start, [2, 3]), variableOf(start, [2, 3])];
      const [shared, reference] = [make(), make()];
      const both = [tf.tensor2d(gradientOf(0), [2, 3]), tf.tensor2d(gradientOf(1), [2, 3])] as const;
      shared.applyGradients({ [a.name]: both[0], [b.name]: both[1] });
      reference.applyGradients({ [alone.name]: both[1] });
      shared.applyGradients({ [b.name]: both[0] });
      reference.applyGradients({ [alone.name]: both[0] });
      await expectAllClose(b, alone, EXACT);
      shared.dispose();
      reference.dispose();
      tf.dispose([a, b, alone, ...both]);
    });

    it.each(MODES)(
      'continues from getWeights, in another optimizer and on renamed variables, %s',
      async (mode) => {
        const [one, two] = [make(), make()];
        const a = variableOf(start, [2, 3], `${name}/${mode}/kernel`);
        const before = stepper(mode, one, a);
        for (let t = 0; t < 2; t++) before.step(gradientOf(t));
        const b = variableOf(await a.data(), [2, 3], `${name}/${mode}/kernel_2`);
        const saved = await one.getWeights();
        const given = saved.map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
        await two.setWeights(given);
        tf.dispose(given.map(({ tensor }) => tensor));
        expect(two.iterations).toBe(2);
        const after = stepper(mode, two, b);
        for (let t = 2; t < 6; t++) {
          before.step(gradientOf(t));
          after.step(gradientOf(t));
        }
        // All results of a captured step come from the graph.
        await expectAllClose(b, a, mode === 'captured' ? { rtol: 1e-6, atol: 1e-6 } : EXACT);
        before.dispose();
        after.dispose();
        one.dispose();
        two.dispose();
        tf.dispose([a, b]);
      },
    );

    it.each(MODES)('lowers a loss through minimize, %s', async (mode) => {
      const optimizer = make();
      optimizer.learningRate = 1e-2;
      const weights = variableOf([1, 2, 3, 4], [2, 2]);
      const body = (x: tf.Tensor) =>
        optimizer.minimize(
          () =>
            tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, weights as unknown as tf.Tensor2D))) as tf.Scalar,
          true,
          [weights],
        ) as tf.Scalar;
      const run = mode === 'captured' ? compile(body) : Object.assign(body, { dispose: () => undefined });
      const x = tf.tensor2d([1, 0.5, -0.5, 1], [2, 2]);
      const losses: number[] = [];
      for (let t = 0; t < 8; t++) {
        const loss = run(x);
        losses.push((await loss.data())[0] as number);
        loss.dispose();
      }
      for (let t = 1; t < 8; t++) expect(losses[t]).toBeLessThan(losses[t - 1] as number);
      run.dispose();
      optimizer.dispose();
      tf.dispose([weights, x]);
    });

    it('refuses a changed shape before anything is written', async () => {
      const optimizer = make();
      const good = variableOf(start, [6]);
      const before = variableOf(start, [2, 3], `${name}/again`);
      stepper('eager', optimizer, before).step(gradientOf(0));
      before.dispose();
      const after = variableOf(start, [6], `${name}/again`);
      const gradient = tf.ones([6]);
      const tensors = tf.memory().numTensors;
      const act = () => optimizer.applyGradients({ [good.name]: gradient, [after.name]: gradient });
      expect(act).toThrow(UserError);
      expect(act).toThrow(/again.*\[6\].*\[2,3\]/);
      expect(tf.memory().numTensors).toBe(tensors);
      expect(optimizer.iterations).toBe(1);
      await expectAllClose(good, start.map(Math.fround), EXACT);
      optimizer.dispose();
      tf.dispose([good, after, gradient]);
    });
  });
}

/** `make` passes on what it is given. λ and the factor of η of a group are what an optimizer's own λ and η would be. */
export function followsGroups(name: string, make: (shared: Partial<OptimizerOptions>) => Optimizer): void {
  it.each(MODES)(`${name}: a group has its own λ and η, %s`, async (mode) => {
    const rates = { learningRate: 0.02, weightDecay: 0 };
    const groups = [{ match: /grouped$/, weightDecay: 0.5, learningRateScale: 0.5 }];
    for (const [named, grouped, alone] of [
      ['grouped', make({ ...rates, groups }), make({ learningRate: 0.01, weightDecay: 0.5 })],
      ['other', make({ ...rates, groups }), make(rates)],
    ] as const) {
      const a = variableOf(start, [2, 3], `${name}/${mode}/${named}`);
      const b = variableOf(start, [2, 3]);
      const [left, right] = [stepper(mode, grouped, a), stepper(mode, alone, b)];
      for (let t = 0; t < 5; t++) {
        left.step(gradientOf(t));
        right.step(gradientOf(t));
      }
      await expectAllClose(a, b, EXACT);
      await expect(expectAllClose(a, start, { rtol: 1e-3 })).rejects.toThrow();
      left.dispose();
      right.dispose();
      grouped.dispose();
      alone.dispose();
      tf.dispose([a, b]);
    }
  });
}
