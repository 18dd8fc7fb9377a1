import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { currentRecording } from '../../src/compile/recording-state.ts';
import { ensurePrivate } from '../../src/native/kernels.ts';
import { trackSharedBuffers } from '../../src/native/ownership.ts';
import { nativeBackend } from '../../src/native/tensorflow-backend.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { counts, hasTensorflow } from './tensorflow.ts';

// TensorFlow's own InplaceAdd(x, i, v), x[i] += v in the memory of x, stands for a kernel of ours.
vi.mock(import('../../src/native/kernels.ts'), async (original) => ({
  ...(await original()),
  writtenInputs: (op: string) => (op === 'InplaceAdd' ? [0] : undefined),
}));

// As where our kernels are loaded; twice does no harm.
if (hasTensorflow) trackSharedBuffers(nativeBackend());

interface Raw {
  executeSingleOutput(op: string, attributes: object[], inputs: tf.Tensor[]): tf.Tensor;
}

/** variable += change, in place; both [2, n]. */
function addInPlace(variable: tf.Variable, change: tf.Tensor): void {
  tf.tidy(() => {
    const own = () => ensurePrivate(variable);
    const recording = currentRecording();
    if (recording === undefined) own();
    else recording.copyVariable(variable, own);
    const attributes = [{ name: 'T', type: 4, value: 1 }];
    const rows = tf.tensor1d([0, 1], 'int32');
    (tf.backend() as unknown as Raw).executeSingleOutput('InplaceAdd', attributes, [variable, rows, change]);
  });
}

function variable(values: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor2d(values, [2, values.length / 2])));
}

const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];

describe.skipIf(!hasTensorflow)('in-place operations in a graph', () => {
  afterEach(() => tf.disposeVariables());

  /** Calls `fn` with the numbers of the call, on its own and compiled, and hands the results and variables of each call to `check`. */
  function calls(
    fn: (x: tf.Tensor2D) => tf.Tensor[],
    variables: tf.Variable[],
    check: (x: number) => number[][],
  ): void {
    let runs = 0;
    const compiled = compile((x: tf.Tensor2D) => {
      runs++;
      return fn(x);
    });
    let first: ReturnType<typeof counts> | undefined;
    for (let call = 1; call <= 5; call++) {
      const x = tf.tensor2d([call, call], [2, 1]);
      const results = compiled(x);
      const shown = [...results, ...variables].map(numbers);
      expect(shown).toEqual(check(call));
      expect(numbers(x)).toEqual([call, call]);
      tf.dispose([x, results]);
      first ??= counts();
    }
    expect(runs).toBe(2);
    expect(counts()).toEqual(first);
    compiled.dispose();
  }

  test('a clone and a reshape from before keep the old values', () => {
    const w = variable([1, 2]);
    let value = [1, 2];
    calls(
      (x) => {
        const before = [w.clone(), w.reshape([2]), w.mul(1)];
        addInPlace(w, x);
        return before;
      },
      [w],
      (x) => {
        const old = value;
        value = old.map((v) => v + x);
        return [old, old, old, value];
      },
    );
  });

  test('whoever shares a buffer with the variable outside sees nothing', () => {
    const w = variable([1, 2]);
    const outside = [w.clone(), w.clone()];
    calls(
      (x) => {
        addInPlace(w, x);
        return [];
      },
      [w, ...(outside as tf.Variable[])],
      (x) => [[1, 2].map((v) => v + (x * (x + 1)) / 2), [1, 2], [1, 2]],
    );
    const double = compile(() => addInPlace(w, w.mul(1)));
    const shared: tf.Tensor[] = [];
    for (let call = 0; call < 5; call++) {
      shared.push(w.clone());
      double();
    }
    for (const [call, tensor] of shared.entries())
      expect(numbers(tensor)).toEqual([16 * 2 ** call, 17 * 2 ** call]);
    tf.dispose([outside, shared]);
    double.dispose();
  });

  test('old values may be used after the writing', () => {
    const w = variable([1, 2]);
    let value = [1, 2];
    calls(
      (x) => {
        const [old, transposed] = [w.clone(), w.transpose()];
        addInPlace(w, x);
        return [old.mul(2), w.mul(2), transposed.matMul(w)];
      },
      [w],
      (x) => {
        const [a, b] = value as [number, number];
        value = [a + x, b + x];
        return [[2 * a, 2 * b], value.map((v) => 2 * v), [a * (a + x) + b * (b + x)], value];
      },
    );
  });

  test('a change that lies in the memory it is added to', () => {
    const w = variable([1, 2]);
    let value = [1, 2];
    calls(
      () => {
        addInPlace(w, w.mul(1).reshape([2, 1]));
        return [];
      },
      [w],
      () => {
        value = value.map((v) => 2 * v);
        return [value];
      },
    );
  });

  test('writing, reading, writing', () => {
    const w = variable([1, 2]);
    let value = [1, 2];
    calls(
      (x) => {
        addInPlace(w, x);
        const between = w.sum();
        const kept = w.clone();
        addInPlace(w, x.mul(10));
        return [between, kept, w.sum(), w];
      },
      [w],
      (x) => {
        const first = value.map((v) => v + x) as [number, number];
        value = first.map((v) => v + 10 * x);
        return [[first[0] + first[1]], first, [(value[0] as number) + (value[1] as number)], value, value];
      },
    );
  });

  test('variables that are added to each other', () => {
    const [a, b, c, d] = [variable([1, 2]), variable([3, 4]), variable([5, 6]), variable([7, 8])];
    let [va, vb, vc, vd] = [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ] as [number[], number[], number[], number[]];
    const sum = (x: number[], y: number[]) => x.map((v, i) => v + (y[i] as number));
    calls(
      () => {
        addInPlace(a, b);
        addInPlace(b, a); // the new one
        const old = c.clone();
        addInPlace(c, d);
        addInPlace(d, old); // the old one
        return [];
      },
      [a, b, c, d],
      () => {
        va = sum(va, vb);
        vb = sum(vb, va);
        [vc, vd] = [sum(vc, vd), sum(vd, vc)];
        return [va, vb, vc, vd];
      },
    );
  });

  test('assigning an argument, a constant or another variable, then writing in place', () => {
    const [v, w, u] = [variable([0, 0]), variable([0, 0]), variable([1, 1])];
    let total = 1;
    calls(
      (x) => {
        v.assign(x);
        addInPlace(v, x);
        w.assign(tf.ones([2, 1]));
        addInPlace(w, x);
        addInPlace(u, x);
        const copy = u.clone();
        v.assign(v.add(0));
        return [copy];
      },
      [v, w, u],
      (x) => {
        total += x;
        const pair = (value: number) => [value, value];
        return [pair(total), pair(2 * x), pair(1 + x), pair(total)];
      },
    );
  });

  test('assigning the old values again', () => {
    const w = variable([1, 2]);
    calls(
      (x) => {
        const old = w.clone();
        addInPlace(w, x);
        const changed = w.clone();
        w.assign(old);
        addInPlace(w, tf.ones([2, 1]));
        return [changed];
      },
      [w],
      (x) => [
        [x + x, x + x + 1],
        [x + 1, x + 2],
      ],
    );
  });

  // Random programs on 2×2 matrices: the graph against plain arrays.
  for (let seed = 1; seed <= 40; seed++) test(`random program ${seed}`, () => runRandomProgram(seed));
});

type Matrix = readonly number[]; // row-major [2, 2]
const VARIABLES = 3;
const INSTRUCTIONS = 24;

/** An operation on tensors and the same on arrays. */
const OPERATIONS: readonly [
  (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor,
  (a: Matrix, b: Matrix) => Matrix,
][] = [
  [(a) => a.clone(), (a) => a],
  [(a) => a.reshape([4]).reshape([2, 2]), (a) => a],
  [(a) => a.mul(1), (a) => a],
  [(a) => a.neg().neg(), (a) => a],
  [(a) => a.transpose(), ([a, b, c, d]) => [a, c, b, d] as Matrix],
  [
    (a) => tf.concat([a.slice([1, 0], [1, 2]), a.slice([0, 0], [1, 2])]),
    ([a, b, c, d]) => [c, d, a, b] as Matrix,
  ],
  [(a, b) => a.add(b).mul(0.5), (a, b) => a.map((v, i) => (v + (b[i] as number)) / 2)],
  [(a, b) => a.sub(b), (a, b) => a.map((v, i) => v - (b[i] as number))],
  [(a, b) => a.matMul(b).tanh(), (a, b) => multiply(a, b).map(Math.tanh)],
];

function multiply([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  const n = (value: number | undefined) => value as number;
  return [
    n(a) * n(e) + n(b) * n(g),
    n(a) * n(f) + n(b) * n(h),
    n(c) * n(e) + n(d) * n(g),
    n(c) * n(f) + n(d) * n(h),
  ];
}

type Instruction = {
  kind: 'compute' | 'read' | 'write' | 'assign';
  operation: number;
  a: number;
  b: number;
  variable: number;
};

function runRandomProgram(seed: number): void {
  const random = new RandomNumbers(seed);
  const kinds = ['compute', 'compute', 'compute', 'read', 'write', 'write', 'assign'] as const;
  let values = 1; // the argument
  const program = Array.from({ length: INSTRUCTIONS }, (): Instruction => {
    const kind = kinds[random.integer(kinds.length)] as Instruction['kind'];
    const instruction = {
      kind,
      operation: random.integer(OPERATIONS.length),
      a: random.integer(values),
      b: random.integer(values),
      variable: random.integer(VARIABLES),
    };
    if (kind === 'compute' || kind === 'read') values++;
    return instruction;
  });
  const start = Array.from({ length: VARIABLES }, () => [...random.normals(4)]);
  const results = [0, 1, 2].map(() => random.integer(values));

  const variables = start.map(variable);
  const compiled = compile((x: tf.Tensor2D) => {
    const pool: tf.Tensor[] = [x];
    for (const { kind, operation, a, b, variable: at } of program) {
      const [left, right, v] = [pool[a], pool[b], variables[at]] as [tf.Tensor2D, tf.Tensor2D, tf.Variable];
      if (kind === 'compute') pool.push(OPERATIONS[operation]?.[0](left, right) as tf.Tensor);
      else if (kind === 'read')
        pool.push(OPERATIONS[operation]?.[0](v as unknown as tf.Tensor2D, left) as tf.Tensor);
      else if (kind === 'write') addInPlace(v, left.mul(0.5));
      else v.assign(left);
    }
    return results.map((index) => pool[index] as tf.Tensor);
  });

  const state = start.map((values): Matrix => values);
  for (let call = 0; call < 4; call++) {
    const argument = [...random.normals(4)];
    const pool: Matrix[] = [argument];
    for (const { kind, operation, a, b, variable: at } of program) {
      const [left, right, v] = [pool[a], pool[b], state[at]] as [Matrix, Matrix, Matrix];
      if (kind === 'compute') pool.push(OPERATIONS[operation]?.[1](left, right) as Matrix);
      else if (kind === 'read') pool.push(OPERATIONS[operation]?.[1](v, left) as Matrix);
      else if (kind === 'write') state[at] = v.map((value, i) => value + 0.5 * (left[i] as number));
      else state[at] = left;
    }
    const x = tf.tensor2d(argument, [2, 2]);
    const actual = compiled(x);
    const shown = [...actual, ...variables].flatMap(numbers);
    const expected = [...results.map((index) => pool[index] as Matrix), ...state].flat();
    for (const [i, value] of expected.entries())
      expect(shown[i], `call ${call}, number ${i}`).toBeCloseTo(value, 3);
    tf.dispose([x, actual]);
  }
  compiled.dispose();
}
