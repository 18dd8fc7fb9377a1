import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  alibi,
  alibiSlopes,
  contextualPositions,
  cope,
  fire,
  interpolate,
  kerple,
  kerplePower,
  learned,
  normalizedDistances,
  type PositionBias,
  relativeShift,
  T5Table,
  t5,
  t5Bucket,
  transformerXl,
} from '../../methods/cdape/index.ts';
import { UserError } from '../../src/errors.ts';
import {
  countParameters,
  type Parameter,
  type ParameterOwner,
  type ScoreProcessor,
} from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { differences } from '../oracle/cdape/cdape.ts';
import * as oracle from '../oracle/cdape/encodings.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';
import {
  assignValues,
  contextOf,
  processed,
  randomHeads,
  randomizeValues,
  tensorsOfHeads,
} from './attention-fixtures.ts';

const stream = () => RandomStream.fromSeed(1, 'init');
const [H, T, d] = [2, 5, 4];
const X = randomHeads(2, { heads: H, length: T, headDim: d });
const both = (heads: number, length: number, causal = false) => ({
  heads,
  queryLength: length,
  keyLength: length,
  causal,
});

/** Compares the gradients of Σ w ⊙ f by each parameter with differences of the oracle, w 0 where a query does not see. */
async function expectParameterGradients(
  owner: ParameterOwner,
  f: () => tf.Tensor,
  expected: (values: Record<string, readonly number[]>) => readonly number[],
  causal = true,
): Promise<void> {
  const values: Record<string, number[]> = {};
  for (const { name, variable } of owner.parameters()) values[name] = Array.from(await variable.data());
  const size = expected(values).length;
  const seen = (at: number) => !causal || at % T <= Math.floor(at / T) % T;
  const weights = Array.from(new RandomNumbers(5).normals(size), (w, at) => (seen(at) ? w : 0));
  const { grads, value } = tf.variableGrads(() => {
    const y = f();
    return tf.mul(y, tf.tensor(weights, y.shape)).sum() as tf.Scalar;
  });
  value.dispose();
  for (const { name, variable } of owner.parameters()) {
    const slopes = differences((x) => expected({ ...values, [name]: x }), values[name] as number[], weights);
    await expectAllClose(grads[variable.name] as tf.Tensor, slopes, tolerance(30)); // sums of 50 products
  }
  tf.dispose(grads);
}

/** A of the processor at the keys that each query sees. */
async function seenScores(process: ScoreProcessor, changes = {}): Promise<number[]> {
  return seen(await processed(process, tensorsOfHeads(X), changes).data());
}

function seen(values: ArrayLike<number>): number[] {
  return Array.from(values).filter((_, at) => at % T <= Math.floor(at / T) % T);
}

/** Of its only parameter. */
async function meanSquare(owner: ParameterOwner): Promise<number> {
  const [parameter] = owner.parameters() as [Parameter];
  const values = Array.from(await parameter.variable.data());
  return values.reduce((sum, x) => sum + x * x, 0) / values.length;
}

describe('learned positions', () => {
  it('are rows of a table, from where the tokens stand', async () => {
    const table = learned({ positions: 6, width: 4 }, stream());
    const { table: values } = randomizeValues(table, 3);
    await expectAllClose(table(2, 3), (values as number[]).slice(8, 20));
    expect(table.parameters().map(({ decay }) => decay)).toEqual([true]);
    expect(() => table(4, 3)).toThrow(UserError);
    expect(() => table(4, 3)).toThrow('a sequence of 7 tokens is longer than the table of 6');
    table.dispose();
  });

  it('start with the deviation of small_init', async () => {
    const table = learned({ positions: 400, width: 40 }, stream());
    const variance = await meanSquare(table);
    expect(Math.abs(Math.sqrt(variance) / Math.sqrt(2 / 200) - 1)).toBeLessThan(0.03);
    table.dispose();
  });
});

describe('T5 bias', () => {
  it('has the buckets of the paper', () => {
    const distances = [0, 15, 16, 18, 19, 20, 23, 24, 31, 32, 48, 63, 64, 90, 100, 112, 113, 5000];
    const buckets = [0, 15, 16, 16, 17, 17, 18, 19, 21, 21, 24, 26, 26, 29, 30, 30, 31, 31];
    expect(distances.map((distance) => t5Bucket(distance, true))).toEqual(buckets);
    expect(t5Bucket(-7, true)).toBe(0);
    for (let offset = -300; offset <= 300; offset++) {
      for (const causal of [true, false])
        expect(t5Bucket(offset, causal)).toBe(oracle.t5Bucket(offset, causal));
    }
  });

  it.each([true, false])('equals the oracle with its gradient, causal %s', async (causal) => {
    const table = new T5Table(H, stream());
    const { table: values } = randomizeValues(table, 3);
    const bias = t5(table, d);
    await expectAllClose(
      bias(both(H, T, causal)),
      oracle.t5(values as number[], H, T, d, causal),
      tolerance(),
    );
    await expectParameterGradients(
      table,
      () => bias(both(H, T, causal)),
      (v) => oracle.t5(v.table as number[], H, T, d, causal),
      causal,
    );
    table.dispose();
  });

  it('has one table, at first Xavier-normal', async () => {
    const table = new T5Table(12, stream());
    expect(countParameters(table)).toBe(384);
    const variance = await meanSquare(table);
    expect(Math.abs(Math.sqrt(variance) / 0.2132007 - 1)).toBeLessThan(0.12); // 384 numbers: 4 % deviation
    table.dispose();
  });
});

describe('Kerple, power', () => {
  it('equals the oracle with its gradients, and has none that is not finite at distance 0', async () => {
    const bias = kerplePower(3, stream());
    assignValues(bias, { p: [0.3, 1, 1.7], a: [0.2, 0.9, 0.05] });
    for (const causal of [true, false]) {
      const context = both(3, T, causal);
      const expected = (v: Record<string, readonly number[]>) =>
        oracle.kerplePower(v.p as number[], v.a as number[], T, causal);
      await expectAllClose(bias(context), expected({ p: [0.3, 1, 1.7], a: [0.2, 0.9, 0.05] }), tolerance(2));
      await expectParameterGradients(bias, () => bias(context), expected, causal);
    }
    bias.dispose();
  });

  it('projects its parameters into their bounds', async () => {
    const bias = kerplePower(2, stream());
    assignValues(bias, { p: [-1, 3], a: [-3, 0.5] });
    bias(both(2, 3, true)).dispose();
    const [p, a] = bias.parameters();
    await expectAllClose(p?.variable as tf.Tensor, [0.01, 2]);
    await expectAllClose(a?.variable as tf.Tensor, [0.01, 0.5]);
    bias.dispose();
  });
});

describe('CoPE', () => {
  it('has the golden positions and bias', async () => {
    const scores = tf.zeros([1, 1, 3, 3]) as tf.Tensor4D;
    const place = contextualPositions(
      scores,
      { queryLength: 3, keyLength: 3, firstQuery: 0, keyMask: undefined },
      4,
    );
    await expectAllClose(place, [0.5, 0, 0, 1, 0.5, 0, 1.5, 1, 0.5]);
    const queries = tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2]);
    const table = tf.tensor2d([0, 1, 2, 3, 0, 10, 20, 30], [2, 4]);
    const bias = interpolate(tf.matMul(queries, table), place);
    await expectAllClose(bias, [0.5, 0, 0, 10, 5, 0, 16.5, 11, 5.5]);
  });

  it('equals the oracle with its gradients, where positions reach the last and where not', async () => {
    for (const positions of [2, 8]) {
      const process = cope({ headDim: d, positions }, stream());
      const { table } = randomizeValues(process, 4);
      const expected = (v: Record<string, readonly number[]>) => oracle.cope(X, v.table as number[]);
      await expectAllClose(
        await seenScores(process),
        seen(expected({ table: table as number[] })),
        tolerance(5),
      );
      await expectParameterGradients(process, () => processed(process, tensorsOfHeads(X)), expected);
      process.dispose();
    }
  });

  it('has the gradients of the oracle by queries and keys, through the positions', async () => {
    const process = cope({ headDim: d, positions: 8 }, stream());
    const { table } = randomizeValues(process, 4) as { table: number[] };
    const { queries, keys } = tensorsOfHeads(X);
    const weights = Array.from(new RandomNumbers(5).normals(H * T * T), (w, at) =>
      at % T <= Math.floor(at / T) % T ? w : 0,
    );
    const [ofQueries, ofKeys] = tf.grads((q, k) => {
      const y = processed(process, { queries: q as tf.Tensor4D, keys: k as tf.Tensor4D });
      return tf.mul(y, tf.tensor(weights, y.shape)).sum();
    })([queries, keys]) as [tf.Tensor, tf.Tensor];
    const slopes = differences((x) => oracle.cope({ ...X, queries: x }, table), X.queries, weights);
    await expectAllClose(tf.div(ofQueries, Math.sqrt(d)), slopes, tolerance(30));
    await expectAllClose(
      ofKeys,
      differences((x) => oracle.cope({ ...X, keys: x }, table), X.keys, weights),
      tolerance(30),
    );
    process.dispose();
  });

  it('starts as no encoding, with 4096 parameters for heads of 64, and is causal', async () => {
    const process = cope({ headDim: 64 }, stream());
    expect(countParameters(process)).toBe(4096);
    const x = tensorsOfHeads(randomHeads(1, { heads: 1, length: 3, headDim: 64 }));
    await expectAllClose(processed(process, x), tf.matMul(x.queries, x.keys, false, true));
    expect(() => processed(process, x, { causal: false })).toThrow('use it with causal: true');
    expect(() => processed(process, tensorsOfHeads(X))).toThrow(
      'made for heads of 64 numbers, but the attention has 4',
    );
    process.dispose();
  });
});

describe('Transformer-XL', () => {
  it('shifts row by row', async () => {
    // Columns are distances 2, 1, 0 and then those of later keys.
    const rows = tf.tensor4d([0, 1, 2, 90, 91, 3, 4, 5, 92, 93, 6, 7, 8, 94, 95], [1, 1, 3, 5]);
    await expectAllClose(relativeShift(rows, 3), [2, 90, 91, 4, 5, 92, 6, 7, 8]);
    await expectAllClose(relativeShift(tf.tensor4d([1, 2, 3], [1, 1, 1, 3]), 3), [1, 2, 3]);
  });

  it.each([true, false])('equals the oracle with its gradients, causal %s', async (causal) => {
    const process = transformerXl({ heads: H, width: H * d }, stream());
    const values = randomizeValues(process, 4) as unknown as oracle.TransformerXlValues;
    const expected = (v: object) => oracle.transformerXl(X, v as oracle.TransformerXlValues, causal);
    const y = processed(process, tensorsOfHeads(X), { causal });
    await expectAllClose(y, expected(values), tolerance(10)); // three sums of 8 products, one of a product
    await expectParameterGradients(
      process,
      () => processed(process, tensorsOfHeads(X), { causal }),
      expected,
      causal,
    );
    process.dispose();
  });

  it('has 2D + D² parameters, and refuses other heads', () => {
    const process = transformerXl({ heads: 12, width: 768 }, stream());
    expect(countParameters(process)).toBe(591_360);
    expect(() => processed(process, tensorsOfHeads(X))).toThrow('made for 12 heads of 64 numbers');
    process.dispose();
  });
});

describe('some of the queries', () => {
  const bias = (make: () => PositionBias & Partial<ParameterOwner>): [() => ScoreProcessor] => [
    () => {
      const own = make();
      return (scores, context) => tf.add(scores, own(context)) as tf.Tensor4D;
    },
  ];
  it.each<[string, () => ScoreProcessor]>([
    ['ALiBi', ...bias(() => alibi(H))],
    ['Kerple', ...bias(() => kerple(H, stream()))],
    ['Kerple, power', ...bias(() => kerplePower(H, stream()))],
    ['FIRE', ...bias(() => fire({ heads: H, threshold: 2 }, stream()))],
    ['T5', ...bias(() => t5(new T5Table(H, stream()), d))],
    ['CoPE', () => cope({ headDim: d, positions: 3 }, stream())],
    ['Transformer-XL', () => transformerXl({ heads: H, width: H * d }, stream())],
  ])('%s gives them what it gives all, from the middle and at the end', async (_, make) => {
    const process = make();
    if (process.parameters) randomizeValues(process as ScoreProcessor & ParameterOwner, 6);
    const { queries, keys } = tensorsOfHeads(X);
    const whole = processed(process, { queries, keys });
    for (const [first, rows, length] of [
      [1, 2, 3],
      [1, 2, 4],
      [4, 1, 5],
    ] as const) {
      const cut = {
        queries: queries.slice([0, 0, first, 0], [1, H, rows, d]),
        keys: keys.slice([0, 0, 0, 0], [1, H, length, d]),
      };
      const some = processed(process, cut, { firstQuery: first });
      const visible = first + 1; // of the first of them
      await expectAllClose(
        some.slice([0, 0, 0, 0], [1, H, rows, visible]),
        whole.slice([0, 0, first, 0], [1, H, rows, visible]),
        tolerance(5),
      );
    }
  });
});

describe('both directions', () => {
  it('ALiBi, Kerple and FIRE count distances both ways', async () => {
    await expectAllClose(alibi(8)(both(8, 4)), oracle.alibiBothWays(alibiSlopes(8), 4));
    const bias = kerple(2, stream());
    assignValues(bias, { p: [0.4, 1.9], a: [0.1, 0.9] });
    await expectAllClose(bias(both(2, 6)), oracle.kerpleBothWays([0.4, 1.9], [0.1, 0.9], 6), tolerance());
    const x = normalizedDistances(both(1, 6), tf.scalar(0.3), tf.scalar(4));
    await expectAllClose(x, oracle.fireDistancesBothWays(0.3, 4, 6), tolerance());
    bias.dispose();
  });
});

it('leaves nothing behind', async () => {
  const x = tensorsOfHeads(X);
  const scores = tf.matMul(x.queries, x.keys, false, true) as tf.Tensor4D;
  await expectNoLeak(() => {
    const [table, power] = [new T5Table(H, stream()), kerplePower(H, stream())];
    const processors = [cope({ headDim: d }, stream()), transformerXl({ heads: H, width: H * d }, stream())];
    for (const process of processors) process(scores, contextOf(x)).dispose();
    for (const bias of [t5(table, d), power]) bias(both(H, T, true)).dispose();
    for (const owner of [table, power, ...processors]) owner.dispose();
  });
});
