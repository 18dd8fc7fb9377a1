import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

const EXACT = { rtol: 0, atol: 0 };
/** One step more or less rounds differently when it runs captured. */
const ROUNDING = { rtol: 1e-6, atol: 1e-6 };

const makers = { CAME: () => new CAME({ learningRate: 1e-2, weightDecay: 0.1 }), AdamW: () => new AdamW() };
const start = [0.5, -0.3, 0.8, -1.2, 0.7, 0.1];
const gradientOf = (t: number, size = 6) => Array.from({ length: size }, (_, k) => Math.sin(1 + k + 3 * t));

describe.each(Object.keys(makers) as (keyof typeof makers)[])('%s', (name) => {
  const make = makers[name];

  it('takes a record and a list in any order, with the same result (G24)', async () => {
    const [a, b] = [variableOf(start, [2, 3], `${name}/a`), variableOf(start, [6], `${name}/b`)];
    const [c, d] = [variableOf(start, [2, 3], `${name}/c`), variableOf(start, [6], `${name}/d`)];
    const matrix = tf.tensor2d(gradientOf(1), [2, 3]);
    const vector = tf.tensor1d(gradientOf(2));
    const [first, second] = [make(), make()];
    for (let t = 0; t < 2; t++) {
      first.applyGradients({ [a.name]: matrix, [b.name]: vector });
      const list = [
        { name: d.name, tensor: vector },
        { name: c.name, tensor: matrix },
      ];
      second.applyGradients(t === 0 ? list : list.reverse());
    }
    await expectAllClose(c, a, EXACT);
    await expectAllClose(d, b, EXACT);
    // Still the caller's.
    expect([matrix.isDisposed, vector.isDisposed]).toEqual([false, false]);
    first.dispose();
    second.dispose();
    tf.dispose([a, b, c, d, matrix, vector]);
  });

  it('keeps the state of one variable apart from that of another of the same shape', async () => {
    // The built-in Adam goes by position: a step of A and one of B alone mixes them.
    const [a, b, alone] = [variableOf(start, [2, 3]), variableOf(start, [2, 3]), variableOf(start, [2, 3])];
    const [shared, reference] = [make(), make()];
    stepper('eager', shared, a).step(gradientOf(0));
    stepper('eager', shared, b).step(gradientOf(1));
    stepper('eager', reference, alone).step(gradientOf(1));
    if (name === 'CAME') await expectAllClose(b, alone, EXACT);
    expect(shared.stateSummary().map(({ name }) => name)).toEqual([a.name, b.name]);
    shared.dispose();
    reference.dispose();
    tf.dispose([a, b, alone]);
  });

  it.each(MODES)('works through minimize, %s', async (mode) => {
    const optimizer = make();
    const weights = variableOf([1, 2, 3, 4], [2, 2]);
    const unused = variableOf([7], [1]);
    const body = (x: tf.Tensor) =>
      optimizer.minimize(
        () => tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, weights as unknown as tf.Tensor2D))) as tf.Scalar,
        true,
        [weights, unused],
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
    expect(optimizer.iterations).toBe(8);
    await expectAllClose(unused, [7], EXACT);
    run.dispose();
    optimizer.dispose();
    tf.dispose([weights, unused, x]);
  });

  it.each(MODES)('follows a schedule and a learning rate set later, %s', async (mode) => {
    const seen: number[] = [];
    const optimizer = make();
    optimizer.learningRate = (step) => {
      seen.push(step);
      return 0;
    };
    const variable = variableOf(start, [2, 3]);
    const steps = stepper(mode, optimizer, variable);
    for (let t = 0; t < 6; t++) steps.step(gradientOf(t));
    // Completed steps: 0 at the first one. η = 0 moves nothing, whatever the state.
    expect([...new Set(seen)]).toEqual([0, 1, 2, 3, 4, 5]);
    await expectAllClose(variable, start.map(Math.fround), EXACT);
    optimizer.learningRate = 0.1;
    steps.step(gradientOf(6));
    await expect(expectAllClose(variable, start, ROUNDING)).rejects.toThrow();
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
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
      expect(saved[0]?.name).toBe('iter');
      // Copies, as a loader would have them, disposed once given.
      const given = saved.map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
      await two.setWeights(given);
      tf.dispose(given.map(({ tensor }) => tensor));
      expect(two.iterations).toBe(2);
      // Nothing is lost by saving again before the first step.
      expect((await two.getWeights()).map(({ name }) => name)).toEqual(saved.map(({ name }) => name));
      const after = stepper(mode, two, b);
      for (let t = 2; t < 6; t++) {
        before.step(gradientOf(t));
        after.step(gradientOf(t));
      }
      // Captured, one replays from its fifth step on and the other from its third.
      await expectAllClose(b, a, mode === 'captured' ? ROUNDING : EXACT);
      const numbers = await Promise.all((await two.getWeights()).map(({ tensor }) => tensor.data()));
      expect(numbers[0]?.[0]).toBe(6);
      before.dispose();
      after.dispose();
      one.dispose();
      two.dispose();
      tf.dispose([a, b]);
    },
  );

  it('gives all tensors back, also those that wait and those that were saved', async () => {
    const variable = variableOf(start, [2, 3]);
    const baseline = tf.memory().numTensors;
    const [one, two] = [make(), make()];
    stepper('eager', one, variable).step(gradientOf(0));
    const held = tf.memory().numTensors;
    await one.getWeights();
    await two.setWeights(await one.getWeights());
    await two.setWeights(await two.getWeights());
    await one.setWeights(await one.getWeights());
    stepper('eager', one, variable).step(gradientOf(1));
    // `iter` of each, and the state of the second.
    expect(tf.memory().numTensors).toBe(held + 2 + (held - baseline));
    one.dispose();
    two.dispose();
    expect(tf.memory().numTensors).toBe(baseline);
    // As new: the same names serve again, and the first step is a first step.
    expect(one.iterations).toBe(0);
    stepper('eager', one, variable).step(gradientOf(0));
    expect((await one.getWeights()).every(({ name }) => !/_\d+$/.test(name))).toBe(true);
    one.dispose();
    variable.dispose();
  });

  it('serves one variable beside another optimizer of its kind', async () => {
    const variable = variableOf(start, [2, 3]);
    const [one, two] = [make(), make()];
    stepper('eager', one, variable).step(gradientOf(0));
    stepper('eager', two, variable).step(gradientOf(0));
    const names = async (optimizer: typeof one) => (await optimizer.getWeights()).map(({ name }) => name);
    expect(await names(two)).toEqual(await names(one));
    one.dispose();
    stepper('eager', two, variable).step(gradientOf(1));
    two.dispose();
    variable.dispose();
  });

  describe('refuses, with nothing changed and nothing leaked,', () => {
    async function expectRefusal(act: () => void, message: RegExp, optimizer = make()): Promise<void> {
      const tensors = tf.memory().numTensors;
      const iterations = optimizer.iterations;
      expect(act).toThrow(UserError);
      expect(act).toThrow(message);
      expect(tf.memory().numTensors).toBe(tensors);
      expect(optimizer.iterations).toBe(iterations);
    }

    it('a name that is given twice', async () => {
      const variable = variableOf(start, [6]);
      const optimizer = make();
      const entry = { name: variable.name, tensor: tf.ones([6]) };
      await expectRefusal(
        () => optimizer.applyGradients([entry, entry]),
        new RegExp(`'${variable.name}' is given twice`),
        optimizer,
      );
      await expectAllClose(variable, start.map(Math.fround), EXACT);
      tf.dispose([variable, entry.tensor]);
    });

    it('a name that no variable has', async () => {
      const optimizer = make();
      const gradient = tf.ones([6]);
      await expectRefusal(() => optimizer.applyGradients({ nobody: gradient }), /'nobody'/, optimizer);
      gradient.dispose();
    });

    it.each(['int32', 'bool'] as const)('a variable of type %s', async (dtype) => {
      const good = variableOf(start, [6]);
      const bad = tf.tidy(() => tf.variable(tf.zeros([2], dtype), true, `${name}/${dtype}`));
      const gradient = { good: tf.ones([6]), bad: tf.ones([2]) };
      const optimizer = make();
      await expectRefusal(
        () => optimizer.applyGradients({ [good.name]: gradient.good, [bad.name]: gradient.bad }),
        new RegExp(`${bad.name}.*${dtype}`),
        optimizer,
      );
      await expectAllClose(good, start.map(Math.fround), EXACT);
      tf.dispose([good, bad, gradient]);
    });

    it('a gradient of another shape', async () => {
      const variable = variableOf(start, [2, 3]);
      const optimizer = make();
      const gradient = tf.ones([3, 2]);
      await expectRefusal(
        () => optimizer.applyGradients({ [variable.name]: gradient }),
        /\[3,2\].*\[2,3\]/,
        optimizer,
      );
      tf.dispose([variable, gradient]);
    });

    it('a name that comes back with another shape', async () => {
      const optimizer = make();
      const before = variableOf(start, [2, 3], `${name}/again`);
      stepper('eager', optimizer, before).step(gradientOf(0));
      before.dispose();
      const after = variableOf(start, [6], `${name}/again`);
      const gradient = tf.ones([6]);
      await expectRefusal(
        () => optimizer.applyGradients({ [after.name]: gradient }),
        /again.*\[6\].*\[2,3\]/,
        optimizer,
      );
      optimizer.dispose();
      tf.dispose([after, gradient]);
    });

    it('saved state of another shape', async () => {
      const [one, two] = [make(), make()];
      const a = variableOf(start, [2, 3], `${name}/saved`);
      stepper('eager', one, a).step(gradientOf(0));
      await two.setWeights(await one.getWeights());
      const b = variableOf(start.slice(0, 4), [2, 2], `${name}/saved_1`);
      const gradient = tf.ones([2, 2]);
      await expectRefusal(() => two.applyGradients({ [b.name]: gradient }), /\[2,2\].*\[2,3\]/, two);
      one.dispose();
      two.dispose();
      tf.dispose([a, b, gradient]);
    });

    it('state of another optimizer, and weights without the count', async () => {
      const optimizer = make();
      const iter = tf.scalar(1, 'int32');
      const slot = tf.zeros([2]);
      const tensors = tf.memory().numTensors;
      const foreign = [
        { name: 'iter', tensor: iter },
        { name: 'w/momentum', tensor: slot },
      ];
      await expect(optimizer.setWeights(foreign)).rejects.toThrow(/'w\/momentum'/);
      await expect(optimizer.setWeights(foreign.slice(1))).rejects.toThrow(/'iter'/);
      expect(tf.memory().numTensors).toBe(tensors);
      tf.dispose([iter, slot]);
    });

    it('a learning rate that a schedule makes NaN', async () => {
      const variable = variableOf(start, [6]);
      const optimizer = make();
      optimizer.learningRate = () => Number.NaN;
      const gradient = tf.ones([6]);
      const act = () => optimizer.applyGradients({ [variable.name]: gradient });
      expect(act).toThrow(/learningRate.*NaN.*step 0/);
      expect(optimizer.iterations).toBe(0);
      await expectAllClose(variable, start.map(Math.fround), EXACT);
      optimizer.dispose();
      tf.dispose([variable, gradient]);
    });
  });
});
