import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test } from 'vitest';
import { compile, hostScalar, hostTensor } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { expectAllClose } from '../support/allclose.ts';

const CALLS = 5;

describe('compile, on every backend', () => {
  afterEach(() => tf.disposeVariables());

  test('is the function itself where there are no graphs', () => {
    const fn = (x: tf.Tensor) => x.square();
    const compiled = compile(fn);
    if (tf.getBackend() === 'tensorflow') expect(compiled).not.toBe(fn);
    else expect(compiled).toBe(fn);
    compiled.dispose();
  });

  test('takes and returns lists and records', async () => {
    type Results = { sum: tf.Tensor; parts: [tf.Tensor, tf.Tensor]; none: null };
    const compiled = compile(
      ({ x, more }: { x: tf.Tensor; more: tf.Tensor[] }, scale: number): Results => ({
        sum: tf.addN([x, ...more]),
        parts: [x.mul(scale), x.sub(1)],
        none: null,
      }),
    );
    const before = tf.memory().numTensors;
    for (let call = 0; call < CALLS; call++) {
      const x = tf.tensor1d([call, 2]);
      const more = [tf.tensor1d([1, call]), tf.tensor1d([10, 20])];
      const { sum, parts, none } = compiled({ x, more }, 3);
      await expectAllClose(sum, [call + 11, call + 22]);
      await expectAllClose(parts[0], [3 * call, 6]);
      await expectAllClose(parts[1], [call - 1, 1]);
      expect(none).toBeNull();
      tf.dispose([x, more, sum, parts]);
    }
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
  });

  test('reads and assigns variables', async () => {
    const [total, last] = [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([2]))];
    const add = compile((x: tf.Tensor1D) => {
      tf.tidy(() => {
        total.assign(total.add(x));
        last.assign(x);
      });
      return null;
    });
    const before = tf.memory().numTensors;
    for (let call = 1; call <= CALLS; call++) {
      const x = tf.tensor1d([call, 1]);
      expect(add(x)).toBeNull();
      x.dispose();
      await expectAllClose(total, [(call * (call + 1)) / 2, call]);
      await expectAllClose(last, [call, 1]);
    }
    expect(tf.memory().numTensors).toBe(before);
    add.dispose();
  });

  test('sees a variable that is assigned between the calls', async () => {
    const w = tf.variable(tf.scalar(1));
    const scale = compile((x: tf.Tensor) => x.mul(w));
    for (let call = 1; call <= CALLS; call++) {
      tf.tidy(() => w.assign(tf.scalar(call)));
      const x = tf.scalar(2);
      const y = scale(x);
      await expectAllClose(y, 2 * call);
      tf.dispose([x, y]);
    }
    scale.dispose();
  });

  test('takes gradients and assigns what an optimizer would', async () => {
    const w = tf.variable(tf.tensor1d([1, -2, 3]));
    const step = compile((x: tf.Tensor1D) =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => w.mul(x).square().sum(), [w]);
        w.assign(w.sub((grads[w.name] as tf.Tensor).mul(0.1)));
        return value;
      }),
    );
    const expected = [1, -2, 3];
    for (let call = 0; call < CALLS; call++) {
      const values = [0.5, call, 1];
      const x = tf.tensor1d(values);
      const loss = step(x);
      await expectAllClose(loss, [expected.reduce((sum, v, i) => sum + (v * (values[i] as number)) ** 2, 0)]);
      // d/dw (wx)² = 2wx²
      for (const [i, v] of expected.entries()) expected[i] = v - 0.1 * 2 * v * (values[i] as number) ** 2;
      await expectAllClose(w, expected);
      tf.dispose([x, loss]);
    }
    step.dispose();
  });

  test('records anew for new shapes, dtypes and numbers', async () => {
    const compiled = compile((x: tf.Tensor, power: number) => tf.tidy(() => x.pow(power).sum()));
    for (let call = 0; call < 3; call++) {
      for (const [x, power, expected] of [
        [tf.tensor1d([1, 2]), 2, 5],
        [tf.tensor1d([1, 2]), 3, 9],
        [tf.tensor1d([1, 2, 3]), 2, 14],
        [tf.tensor2d([[1], [2]]), 2, 5],
      ] as const) {
        const y = compiled(x, power);
        await expectAllClose(y, expected);
        tf.dispose([x, y]);
      }
    }
    compiled.dispose();
  });

  test('leaves its results to a tidy around it', () => {
    const compiled = compile((x: tf.Tensor) => x.add(1));
    const x = tf.scalar(1);
    const before = tf.memory().numTensors;
    for (let call = 0; call < CALLS; call++)
      tf.tidy(() => {
        compiled(x);
      });
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
    compiled.dispose();
  });

  test('computes host values at every call, in order, whether used or not', async () => {
    const order: string[] = [];
    let step = 0;
    const compiled = compile((x: tf.Tensor) =>
      tf.tidy(() => {
        const rate = hostScalar(() => {
          order.push('rate');
          return 0.5 * ++step;
        });
        hostScalar(() => order.push('unused'));
        const offsets = hostTensor(
          () => {
            order.push('offsets');
            return [step, 10 * step];
          },
          [2],
          'int32',
        );
        return x.mul(rate).add(offsets.cast('float32'));
      }),
    );
    for (let call = 1; call <= CALLS; call++) {
      const x = tf.tensor1d([2, 4]);
      const y = compiled(x);
      await expectAllClose(y, [call + call, 2 * call + 10 * call]);
      expect(order.splice(0)).toEqual(['rate', 'unused', 'offsets']);
      tf.dispose([x, y]);
    }
    compiled.dispose();
  });

  test('refuses a host value of the wrong size', () => {
    expect(() => hostTensor(() => [1, 2, 3], [2])).toThrow(UserError);
  });
});
