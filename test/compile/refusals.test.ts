import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { counted, take, variable } from './counted.ts';
import { counts, hasTensorflow } from './tensorflow.ts';

describe.skipIf(!hasTensorflow)('what compile refuses', () => {
  let before: ReturnType<typeof counts>;
  let keys: string[];
  const backendKeys = () => Reflect.ownKeys(tf.backend()).map(String).sort();

  beforeEach(() => {
    before = counts();
    keys = backendKeys();
  });
  afterEach(() => {
    tf.disposeVariables();
    expect(backendKeys()).toEqual(keys);
    expect(counts()).toEqual(before);
  });

  test('says which constant differs, and records again', () => {
    let step = 0;
    const f = compile((x: tf.Tensor) => tf.tidy(() => x.mul(tf.tensor1d([1, ++step]))), { name: 'decay' });
    const x = tf.ones([2]);
    f(x).dispose();
    expect(() => f(x)).toThrow(
      /compile\(decay\): an input of Mul, of shape \[2\], .* 1 in one call and 2 in the next \(element 1\).*hostScalar/,
    );
    f(x).dispose();
    expect(() => f(x)).toThrow(UserError);
    x.dispose();
    f.dispose();
  });

  test('refuses randomness that JavaScript draws', () => {
    const f = compile((x: tf.Tensor) => tf.tidy(() => x.add(tf.randomUniform([3]))));
    const x = tf.ones([3]);
    f(x).dispose();
    expect(() => f(x)).toThrow(/computed by JavaScript/);
    x.dispose();
    f.dispose();
  });

  test('refuses a function that does something else at every call', () => {
    let calls = 0;
    const f = compile((x: tf.Tensor) => tf.tidy(() => x.pad([[0, calls++]])), { name: 'grow' });
    const x = tf.ones([2]);
    const outcomes = Array.from({ length: 5 }, () => {
      try {
        f(x).dispose();
        return 'fine';
      } catch (error) {
        return (error as Error).message;
      }
    });
    // A Const of another value, and an output of another shape: the structure counts.
    expect(outcomes.slice(0, 4)).toEqual(Array(4).fill('fine'));
    expect(outcomes[4]).toMatch(/compile\(grow\): no two of 5 recordings are the same.*PadV2.*\[5\].*\[6\]/);
    x.dispose();
    f.dispose();
  });

  test('refuses a function that makes a variable at every call', () => {
    const f = compile((x: tf.Tensor) => tf.tidy(() => tf.variable(x).add(1)));
    const x = tf.ones([2]);
    expect(() => f(x)).toThrow(/every call makes or disposes variables/);
    x.dispose();
    f.dispose();
  });

  describe('refuses a captured tensor', () => {
    const cases: Record<string, (captured: tf.Tensor) => tf.Tensor> = {
      'not yet written': (captured) => captured,
      'already used': (captured) => {
        captured.square().dispose();
        return captured;
      },
      'that a variable was made from': (captured) => {
        tf.variable(captured);
        return captured;
      },
    };
    for (const [name, prepare] of Object.entries(cases)) {
      test(name, () => {
        const captured = tf.tensor1d([1, 2, 3]);
        prepare(captured);
        const f = compile((x: tf.Tensor) => tf.tidy(() => x.add(captured.clone())));
        const x = tf.ones([3]);
        expect(() => f(x)).toThrow(
          /A tensor of shape \[3\] \(float32\) was made before the call .* tf\.variable/,
        );
        tf.dispose([x, captured]);
        f.dispose();
      });
    }

    test('returned or assigned without an operation', () => {
      const [captured, v] = [tf.scalar(1), variable(2)];
      const give = compile(() => captured);
      const assign = compile(() => v.assign(captured));
      expect(give).toThrow(UserError);
      expect(assign).toThrow(UserError);
      captured.dispose();
    });
  });

  test('refuses to read values, also when the error is caught', async () => {
    const x = tf.scalar(1); // its values are still JavaScript's
    const sync = compile((y: tf.Tensor) => (take(y.add(0)) > 0 ? y.add(1) : y.sub(1)));
    const lazy = compile((y: tf.Tensor) => ((y.dataSync()[0] as number) > 0 ? y.add(1) : y.sub(1)));
    const later = compile((y: tf.Tensor) => {
      void y.data();
      return y.add(1);
    });
    const caught = compile((y: tf.Tensor) => {
      try {
        y.square().dataSync();
      } catch {
        // goes on
      }
      return y.add(1);
    });
    for (const f of [sync, lazy, later, caught]) expect(() => f(x)).toThrow(/inside a compiled function/);
    x.dispose();
  });

  test('lets constants of the call be read', () => {
    const f = counted((x: tf.Tensor) => tf.tidy(() => x.mul(tf.scalar(3).dataSync()[0] as number)));
    const x = tf.scalar(2);
    for (let call = 0; call < 3; call++) expect(take(f(x))).toBe(6);
    expect(f.runs.count).toBe(2);
    x.dispose();
    f.dispose();
  });

  test('refuses results and arguments that are not tensors', () => {
    expect(() => compile(() => 3)()).toThrow(/must return a tensor.*not a number/);
    expect(() => compile(() => Promise.resolve())()).toThrow(/not a Promise/);
    expect(() => compile((x: Float32Array) => tf.tensor1d(x))(new Float32Array(2))).toThrow(
      /not a Float32Array/,
    );
    const x = tf.scalar(1);
    x.dispose();
    expect(() => compile((y: tf.Tensor) => y)(x)).toThrow(/disposed tensor/);
    expect(() => compile(() => null, { cacheSize: 0 })).toThrow(/cacheSize/);
  });
});
