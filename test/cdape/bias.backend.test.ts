import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  alibi,
  alibiSlopes,
  fire,
  kerple,
  normalizedDistances,
  type PositionBias,
} from '../../methods/cdape/index.ts';
import { UserError } from '../../src/errors.ts';
import { countParameters, type ParameterOwner } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { readWeights } from '../nn/weights.ts';
import * as oracle from '../oracle/cdape/cdape.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';

const stream = () => RandomStream.fromSeed(1, 'init');
const square = (heads: number, length: number) => ({
  heads,
  queryLength: length,
  keyLength: length,
  causal: true,
});
/** One query, the last of `length` keys. */
const lastOf = (heads: number, length: number) => ({ ...square(heads, length), queryLength: 1 });

function assign(owner: ParameterOwner, values: Readonly<Record<string, readonly number[]>>): void {
  for (const { name, variable } of owner.parameters()) {
    const given = values[name];
    if (given) tf.tidy(() => variable.assign(tf.tensor([...given], variable.shape)));
  }
}

/** dP of Σ w ⊙ P by each parameter, with the weights w. */
function gradients(bias: PositionBias & ParameterOwner, heads: number, length: number) {
  const weights = Array.from(new RandomNumbers(5).normals(heads * length * length));
  const { grads, value } = tf.variableGrads(
    () => tf.mul(bias(square(heads, length)), tf.tensor(weights, [heads, length, length])).sum() as tf.Scalar,
  );
  value.dispose();
  const byName = bias.parameters().map(({ name, variable }) => [name, grads[variable.name]]);
  return { weights, byName: Object.fromEntries(byName) as Record<string, tf.Tensor> };
}

describe('ALiBi', () => {
  it('has the slopes of powers of two, and those between for other numbers of heads', async () => {
    const eight = Array.from({ length: 8 }, (_, h) => 2 ** -(h + 1));
    await expectAllClose(alibiSlopes(8), eight);
    await expectAllClose(alibiSlopes(12), [...eight, Math.SQRT1_2, 0.3535534, 0.1767767, 0.0883883]);
    await expectAllClose(alibiSlopes(4), [0.25, 0.0625, 0.015625, 0.00390625]);
    await expectAllClose(alibiSlopes(6), [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125]);
    expect(alibiSlopes(1)).toEqual([2 ** -8]);
  });

  it('falls with the distance, and is 0 at the query and after it', async () => {
    const bias = alibi(8)(square(8, 6));
    expect(bias.shape).toEqual([8, 6, 6]);
    await expectAllClose(bias, oracle.alibi(alibiSlopes(8), 6));
    await expectAllClose(bias.slice([0, 5, 2], [1, 1, 1]), [-1.5]);
    await expectAllClose(alibi(8)(lastOf(8, 6)), bias.slice([0, 5, 0], [8, 1, 6]));
    await expectNoLeak(() => alibi(8)(square(8, 6)).dispose());
  });
});

describe('Kerple', () => {
  it.each([
    [1, 1, 1, -Math.LN2],
    [1, 1, 10, -2.3978953],
    [1, 1, 63, -4.1588831],
    [2, 0.5, 7, -3.0081548],
    [1.5, 0.25, 511, -7.2868088],
    [1.5, 0.25, 8191, -11.4374777],
    [-1, -3, 99, -0.0068814],
  ])('p %d, a %d, at distance %d: %d', async (p, a, distance, expected) => {
    const bias = kerple(1, stream());
    assign(bias, { p: [p], a: [a] });
    const [value] = await bias(lastOf(1, distance + 1)).data();
    await expectAllClose([value as number], [expected], { rtol: 1e-6, atol: 2e-7 }); // as many digits as given
    bias.dispose();
  });

  it('writes what is below 0.01 back as 0.01, and still has a gradient there', async () => {
    const bias = kerple(2, stream());
    assign(bias, { p: [-1, 0.5], a: [0.3, -3] });
    const { byName } = gradients(bias, 2, 6);
    const weights = await readWeights<{ p: unknown; a: unknown }>(bias);
    await expectAllClose([weights.p, weights.a] as never, [0.01, 0.5, 0.3, 0.01]);
    for (const gradient of Object.values(byName)) {
      for (const value of await gradient.data()) expect(Math.abs(value)).toBeGreaterThan(1e-3);
    }
    bias.dispose();
  });

  it('equals the oracle, with its gradients', async () => {
    const bias = kerple(3, stream());
    const [p, a] = [
      [0.4, 1.2, 1.9],
      [0.1, 0.5, 0.9],
    ] as [number[], number[]];
    assign(bias, { p, a });
    await expectAllClose(bias(square(3, 6)), oracle.kerple(p, a, 6), tolerance());
    const { weights, byName } = gradients(bias, 3, 6);
    await expectAllClose(
      byName.p as tf.Tensor,
      oracle.differences((x) => oracle.kerple(x, a, 6), p, weights),
      tolerance(10),
    );
    await expectAllClose(
      byName.a as tf.Tensor,
      oracle.differences((x) => oracle.kerple(p, x, 6), a, weights),
      tolerance(10),
    );
    bias.dispose();
  });

  it('starts with p in [0, 2) and a in [0, 1), both to decay, and frees them', async () => {
    const bias = kerple(200, stream());
    for (const [{ name, variable, decay }, high] of bias
      .parameters()
      .map((each, i) => [each, 2 - i] as const)) {
      const values = await variable.data();
      const [least, most] = [Math.min(...values), Math.max(...values)];
      expect(least, name).toBeGreaterThanOrEqual(0);
      expect(least, name).toBeLessThan(0.1 * high);
      expect(most, name).toBeGreaterThan(0.9 * high);
      expect(most, name).toBeLessThan(high);
      expect(decay).toBe(true);
    }
    bias.dispose();
    await expectNoLeak(() => {
      const made = kerple(2, stream());
      made(square(2, 4)).dispose();
      tf.dispose(gradients(made, 2, 4).byName);
      made.dispose();
    });
  });
});

describe('FIRE', () => {
  it.each([
    [256, 1, 0, 0.0290499],
    [256, 10, 3, 0.1617319],
    [256, 255, 0, 0.9988517],
    [256, 511, 256, 0.8289925],
    [256, 1000, 500, 0.8519441],
    [256, 8191, 8190, 0.0142054],
    [64, 10, 3, 0.2651178],
    [64, 100, 50, 0.7472214],
  ])('normalises distances: L %d, i %d, j %d: %d', async (limit, i, j, expected) => {
    const x = normalizedDistances(lastOf(1, i + 1), tf.scalar(0.1), tf.scalar(limit));
    await expectAllClose(x.slice([0, j], [1, 1]), [expected], { rtol: 0, atol: 1e-6 }); // seven decimals are given
  });

  it('is finite in row 0 for a threshold of 0', async () => {
    const x = normalizedDistances(square(1, 3), tf.scalar(0.1), tf.scalar(0));
    await expectAllClose(x.slice([0, 0], [1, 3]), [0, 0, 0]);
  });

  it.each([0.01, 0])('equals the oracle with its gradients, slope %d', async (slope) => {
    const [heads, width, threshold, length] = [2, 5, 2.5, 6];
    const bias = fire({ heads, width, threshold, slope }, stream());
    assign(bias, { c: [0.3], multiplier: [1.3] });
    const values: Record<string, number[]> = {};
    for (const { name, variable } of bias.parameters()) values[name] = Array.from(await variable.data());
    const at = (changed: Record<string, readonly number[]>) => {
      const { c, multiplier, weight1, bias1, weight2, bias2 } = { ...values, ...changed } as Record<
        keyof oracle.FireValues,
        number[]
      >;
      const scalars = { c: c[0] as number, multiplier: multiplier[0] as number };
      return oracle.fire({ ...scalars, weight1, bias1, weight2, bias2 }, threshold, slope, length);
    };
    await expectAllClose(bias(square(heads, length)), at({}), tolerance(3));
    const { weights, byName } = gradients(bias, heads, length);
    for (const [name, gradient] of Object.entries(byName)) {
      const expected = oracle.differences((x) => at({ [name]: x }), values[name] as number[], weights);
      await expectAllClose(gradient, expected, tolerance(20)); // sums of 72 terms, quotients of logarithms
    }
    bias.dispose();
  });

  it('has 462 parameters for 12 heads and width 32, and frees them', async () => {
    const bias = fire({ heads: 12, threshold: 64 }, stream());
    expect(countParameters(bias)).toBe(462);
    const decayed = bias.parameters().filter(({ decay }) => decay);
    expect(decayed.map(({ name }) => name)).toEqual(['c', 'multiplier', 'weight1', 'weight2']);
    bias.dispose();
    await expectNoLeak(() => {
      const made = fire({ heads: 2, threshold: 2 }, stream());
      tf.dispose(gradients(made, 2, 4).byName);
      made.dispose();
    });
  });
});

it('refuses an attention of other heads', () => {
  const biases = [alibi(2), kerple(2, stream()), fire({ heads: 2, threshold: 4 }, stream())];
  for (const bias of biases) {
    expect(() => bias(square(3, 4))).toThrow(UserError);
    expect(() => bias(square(3, 4))).toThrow('made for 2 heads, but the attention has 3');
    bias.dispose?.();
  }
});
