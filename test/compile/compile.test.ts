import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile, hostScalar } from '../../src/compile/index.ts';
import { counted, take, variable } from './counted.ts';
import { counts, hasTensorflow } from './tensorflow.ts';

describe.skipIf(!hasTensorflow)('compile', () => {
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

  test('records the function twice, then runs the graph alone', () => {
    const f = counted((x: tf.Scalar) => x.square());
    for (let call = 0; call < 6; call++) {
      const x = tf.scalar(call);
      expect(take(f(x))).toBe(call ** 2);
      x.dispose();
    }
    expect(f.runs.count).toBe(2);
    expect(counts().graphs).toBe(before.graphs + 1);
    f.dispose();
  });

  test('records once more when an optimizer makes its state', () => {
    let state: tf.Variable | undefined;
    const f = counted((x: tf.Scalar) =>
      tf.tidy(() => {
        state ??= variable(0);
        state.assign(state.add(x));
        return state.add(0);
      }),
    );
    const sums = [1, 3, 6, 10, 15].map((sum, i) => {
      const x = tf.scalar(i + 1);
      const result = take(f(x));
      x.dispose();
      return [result, sum];
    });
    for (const [result, sum] of sums) expect(result).toBe(sum);
    expect(f.runs.count).toBe(3);
    f.dispose();
  });

  test('gives the same bits whether recorded or not', () => {
    // TensorFlow's optimiser folds the factors into one, and so rounds once where the operations round four times.
    const f = counted((x: tf.Tensor) =>
      tf.tidy(() =>
        x
          .mul(0.1)
          .mul(0.3)
          .div(7)
          .mul(1.1)
          .add(x.mul(1 / 3)),
      ),
    );
    const x = tf.tidy(() => tf.range(1, 1000).sqrt());
    const results = Array.from({ length: 4 }, () => f(x));
    for (const result of results) expect(result.dataSync()).toEqual(results[3]?.dataSync());
    expect(f.runs.count).toBe(2);
    tf.dispose([x, results]);
    f.dispose();
  });

  test('takes what is not used, and gives nothing', () => {
    const unused = counted((_x: tf.Tensor, y: tf.Tensor) => y.add(1));
    const nothing = counted((_x: tf.Tensor) => undefined);
    const [x, y] = [tf.scalar(1), tf.scalar(2)];
    for (let call = 0; call < 3; call++) {
      expect(take(unused(x, y))).toBe(3);
      expect(nothing(x)).toBeUndefined();
    }
    expect([unused.runs.count, nothing.runs.count]).toEqual([2, 2]);
    tf.dispose([x, y]);
    unused.dispose();
    nothing.dispose();
  });

  test('keeps apart tensors that share their data', () => {
    const v = variable(5);
    const f = counted((x: tf.Tensor, y: tf.Tensor) => tf.tidy(() => x.mul(100).add(y.mul(10)).add(v)));
    const [one, two] = [tf.scalar(1), tf.scalar(2)];
    const shared = v.clone();
    expect(take(f(one, one))).toBe(115);
    expect(take(f(shared, shared))).toBe(555);
    expect(take(f(one, two))).toBe(125);
    expect(take(f(two, shared))).toBe(255);
    expect(f.runs.count).toBe(2);
    tf.dispose([one, two, shared]);
    f.dispose();
  });

  test('takes a variable among the arguments for itself', () => {
    const [a, b] = [variable(1), variable(10)];
    const increment = counted((v: tf.Variable) => {
      tf.tidy(() => v.assign(v.add(1)));
    });
    for (let call = 0; call < 4; call++) for (const v of [a, b]) increment(v);
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([5, 14]);
    expect(increment.runs.count).toBe(4);
    increment.dispose();
  });

  test('swaps variables, and gives one value to several', () => {
    const [a, b, c] = [1, 2, 3].map((value) => variable(value)) as [tf.Variable, tf.Variable, tf.Variable];
    const f = counted((x: tf.Scalar) =>
      tf.tidy(() => {
        const [oldA, oldB, sum] = [a.clone(), b.clone(), c.add(x)];
        a.assign(oldB);
        b.assign(oldA);
        c.assign(sum);
        return { sum, again: sum.clone(), a, x };
      }),
    );
    for (let call = 1; call <= 5; call++) {
      const x = tf.scalar(100);
      const results = f(x);
      const expected = call % 2 === 1 ? [2, 1] : [1, 2];
      expect([a, b, c].map((v) => v.dataSync()[0])).toEqual([...expected, 3 + 100 * call]);
      expect(results.sum.dataSync()[0]).toBe(3 + 100 * call);
      expect(results.again.dataSync()[0]).toBe(3 + 100 * call);
      expect(results.a.dataSync()[0]).toBe(expected[0]);
      tf.dispose(x);
      expect(results.x.dataSync()[0]).toBe(100);
      for (const result of Object.values(results)) tf.Tensor.prototype.dispose.call(result);
    }
    expect(f.runs.count).toBe(2);
    f.dispose();
  });

  test('hands out results that later calls do not change', () => {
    const w = variable([1, 2]);
    const f = counted(() =>
      tf.tidy(() => {
        const seen = w.reshape([2, 1]);
        w.assign(w.add(1));
        return [seen, tf.fill([2], 7), w];
      }),
    );
    const results = [0, 1, 2, 3].map(() => f() as tf.Tensor[]);
    for (const [call, [seen, sevens, after]] of results.entries()) {
      expect([...(seen as tf.Tensor).dataSync()]).toEqual([1 + call, 2 + call]);
      expect([...(sevens as tf.Tensor).dataSync()]).toEqual([7, 7]);
      expect([...(after as tf.Tensor).dataSync()]).toEqual([2 + call, 3 + call]);
    }
    tf.dispose(results);
    f.dispose();
  });

  test('an exception inside leaves everything as it was', () => {
    let broken = false;
    const v = variable(0);
    const f = counted((x: tf.Tensor) =>
      tf.tidy(() => {
        const y = x.add(v).mul(2);
        if (broken) throw new RangeError('broken');
        return y;
      }),
    );
    const x = tf.scalar(1);
    for (const when of [0, 1]) {
      for (let call = 0; call < when; call++) take(f(x));
      const inside = counts().tensors;
      broken = true;
      expect(() => f(x)).toThrow(RangeError);
      broken = false;
      expect(counts().tensors).toBe(inside);
      expect(backendKeys()).toEqual(keys);
    }
    f.runs.count = 0;
    for (let call = 0; call < 4; call++) expect(take(f(x))).toBe(2);
    expect(f.runs.count).toBe(2);
    x.dispose();
    f.dispose();
  });

  test('says so where the temporary directory cannot be written', () => {
    const directory = process.env.TMPDIR;
    process.env.TMPDIR = '/nowhere/at/all';
    const f = compile((x: tf.Tensor) => x.square());
    const x = tf.scalar(3);
    try {
      expect(() => f(x)).toThrow(/no graph of 0\.0 MB can be written to \/nowhere\/at\/all: ENOENT/);
    } finally {
      if (directory === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = directory;
    }
    expect(take(f(x))).toBe(9);
    x.dispose();
    f.dispose();
  });

  test('disposes what the function leaves behind, also without a tidy', () => {
    const f = compile((x: tf.Tensor) => x.add(1).mul(2).sub(3));
    const x = tf.scalar(1);
    const inside = counts();
    for (let call = 0; call < 4; call++) expect(take(f(x))).toBe(1);
    expect(counts()).toEqual({ ...inside, native: inside.native + 1, graphs: inside.graphs + 1 });
    x.dispose();
    f.dispose();
  });

  test('keeps the graphs used last', () => {
    const f = counted((x: tf.Tensor) => x.sum(), { cacheSize: 2 });
    const run = (size: number) => {
      const x = tf.ones([size]);
      expect(take(f(x))).toBe(size);
      x.dispose();
    };
    for (const size of [1, 1, 2, 2, 1, 3, 3]) run(size);
    expect(counts().graphs).toBe(before.graphs + 2);
    expect(f.runs.count).toBe(6);
    for (const size of [1, 3]) run(size);
    expect(f.runs.count).toBe(6);
    run(2);
    expect(f.runs.count).toBe(7);
    f.dispose();
    expect(counts().graphs).toBe(before.graphs);
    run(1);
    expect(f.runs.count).toBe(8);
    f.dispose();
  });

  test('records again when a variable has been disposed', () => {
    let v = variable(1);
    const f = counted((x: tf.Tensor) => tf.tidy(() => x.add(v)));
    const x = tf.scalar(1);
    for (let call = 0; call < 3; call++) expect(take(f(x))).toBe(2);
    v.dispose();
    v = variable(10);
    for (let call = 0; call < 3; call++) expect(take(f(x))).toBe(11);
    expect(f.runs.count).toBe(4);
    x.dispose();
    f.dispose();
  });

  test('runs a compiled function inside another inline', () => {
    const inner = counted((x: tf.Tensor) => tf.tidy(() => x.mul(hostScalar(() => 2)).add(1)));
    const outer = counted((x: tf.Tensor) => tf.tidy(() => tf.grad((y) => inner(y).square())(inner(x))));
    const x = tf.scalar(3);
    // y = 2·3 + 1 = 7; d(2y + 1)²/dy = 4(2y + 1) = 60
    for (let call = 0; call < 4; call++) expect(take(outer(x))).toBe(60);
    expect(outer.runs.count).toBe(2);
    expect(inner.runs.count).toBe(4);
    expect(counts().graphs).toBe(before.graphs + 1);
    x.dispose();
    inner.dispose();
    outer.dispose();
  });

  test('refuses to run where a gradient is wanted', () => {
    const f = compile((x: tf.Tensor) => x.square(), { name: 'square' });
    const x = tf.scalar(3);
    expect(() => tf.grad((y) => f(y))(x)).toThrow(/compile\(square\) was called inside tf\.grad/);
    x.dispose();
  });

  test('holds 1,000 replays in constant memory', () => {
    const w = tf.tidy(() => tf.variable(tf.randomNormal([64, 64])));
    const f = counted((x: tf.Tensor2D) =>
      tf.tidy(() => {
        const rate = hostScalar(() => 1e-3);
        const { value, grads } = tf.variableGrads(
          () =>
            x
              .matMul(w as tf.Tensor2D)
              .square()
              .mean() as tf.Scalar,
          [w],
        );
        w.assign(w.sub((grads[w.name] as tf.Tensor).mul(rate)));
        return value;
      }),
    );
    const run = (times: number) => {
      for (let call = 0; call < times; call++)
        tf.tidy(() => {
          f(tf.ones([2048, 64]));
        });
    };
    run(300); // allocators have grown by then
    const [inside, resident] = [counts(), process.memoryUsage.rss()];
    run(1000);
    expect(counts()).toEqual(inside);
    // One [2048, 64] tensor leaked at each call would be 524 MB; JavaScript's own heap grows by some tens.
    expect(process.memoryUsage.rss() - resident).toBeLessThan(100e6);
    expect(f.runs.count).toBe(2);
    f.dispose();
  });
});
