import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  drawPositions,
  ntkAware,
  positionInterpolation,
  type RopeOptions,
  randomizedPositions,
  rope,
  sinusoidal,
  unscaled,
  yarn,
} from '../../methods/cdape/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { LayerCache, type QueryKeyContext } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import * as oracle from '../oracle/cdape/encodings.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { randomHeads, tensorsOfHeads } from './attention-fixtures.ts';

const GOLDEN = { rtol: 1e-6, atol: 1e-6 }; // seven decimals are given
const context = (changes: Partial<QueryKeyContext> = {}): QueryKeyContext => ({
  first: 0,
  training: false,
  layer: 0,
  cache: undefined,
  ...changes,
});

/** A vector as the query of one head at a position. */
function turned(
  vector: readonly number[],
  position: number,
  options: Partial<RopeOptions> = {},
): tf.Tensor4D {
  const x = tf.tensor4d([...vector], [1, 1, 1, vector.length]);
  return rope({ headDim: vector.length, ...options })(x, x, context({ first: position }))[0];
}

describe('RoPE', () => {
  it('has the golden values in both conventions', async () => {
    const x = [1, 2, 3, 4];
    await expectAllClose(turned(x, 1), [-1.9841106, 1.9599007, 2.4623779, 4.0197997], GOLDEN);
    await expectAllClose(turned(x, 3), [-1.4133525, 1.8791181, -2.8288575, 4.0581911], GOLDEN);
    const interleaved = turned(x, 1, { pairing: 'interleaved' });
    await expectAllClose(interleaved, [-1.1426397, 1.9220756, 2.9598507, 4.0297995], GOLDEN);
  });

  it('knows positions by their difference alone', async () => {
    for (const [p, q] of [
      [7, 4],
      [3, 0],
    ] as const) {
      const product = tf.sum(tf.mul(turned([1, 2, 3, 4], p), turned([4, 3, 2, 1], q)));
      await expectAllClose(product, [-1.6155797], { rtol: 0, atol: 3e-6 }); // a sum of terms near 10
    }
  });

  it.each(['halves', 'interleaved'] as const)('equals the oracle, %s', async (pairing) => {
    const heads = randomHeads(1, { heads: 2, length: 5, headDim: 6 });
    const { queries, keys } = tensorsOfHeads(heads);
    const [q, k] = rope({ headDim: 6, pairing })(queries, keys, context());
    const expected = oracle.ropeScores(heads, pairing, [0, 1, 2, 3, 4]);
    await expectAllClose(tf.matMul(q, k, false, true), expected, tolerance(3));
    await expectGradientsMatch(
      (a, b) =>
        tf.concat([...rope({ headDim: 6, pairing })(a as tf.Tensor4D, b as tf.Tensor4D, context())], 0),
      [queries, keys],
    );
  });

  it('leaves nothing behind, and refuses heads that it was not made for', async () => {
    const { queries, keys } = tensorsOfHeads(randomHeads(1, { heads: 2, length: 5, headDim: 6 }));
    await expectNoLeak(() => tf.dispose([...rope({ headDim: 6 })(queries, keys, context())]));
    expect(() => rope({ headDim: 4 })(queries, keys, context())).toThrow(
      'made for heads of 4 numbers, but the attention has 6',
    );
    expect(() => rope({ headDim: 5 })).toThrow('must be even');
  });
});

describe('beyond the training length', () => {
  it('the base of NTK grows, and its frequencies fall accordingly', async () => {
    // A base shows in the second frequency: base^(−2/d).
    const base = (headDim: number, factor: number) => {
      const { frequencies } = ntkAware({ headDim, base: 10_000, factor, trainingLength: 512 });
      return (1 / (frequencies[1] as number)) ** (headDim / 2);
    };
    await expectAllClose([base(64, 4), base(64, 16), base(32, 8)], [41829.366, 174969.584, 91895.868], {
      rtol: 1e-7,
      atol: 0,
    });
  });

  it('YaRN keeps high frequencies and interpolates low ones, and sharpens', async () => {
    const settings = { headDim: 64, base: 10_000, factor: 4, trainingLength: 512 };
    const { frequencies, gain } = yarn(settings);
    const plain = unscaled(settings).frequencies;
    const ratios = [0, 4, 8, 12, 16, 31].map((m) => (frequencies[m] as number) / (plain[m] as number));
    await expectAllClose(ratios, [1, 0.8492393, 0.4229532, 0.2881497, 0.25, 0.25], GOLDEN);
    await expectAllClose([gain, gain * gain], [1.1386294, 1.296477], GOLDEN);
  });

  it('interpolation squeezes positions; all leave short sequences alone', async () => {
    const x = [1, 2, 3, 4];
    const squeezed = { scaling: positionInterpolation, trainingLength: 2 };
    await expectAllClose(turned(x, 7, squeezed), await turned(x, 7 / 4).data(), tolerance());
    for (const scaling of [positionInterpolation, ntkAware, yarn]) {
      await expectAllClose(
        turned(x, 7, { scaling, trainingLength: 8 }),
        await turned(x, 7).data(),
        tolerance(),
      );
    }
  });

  it('a cache is as long as its capacity from the first token on', async () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4]);
    const scaled = rope({ headDim: 4, scaling: positionInterpolation, trainingLength: 4 });
    const [query] = scaled(x, x, context({ first: 2, cache: new LayerCache(16) }));
    await expectAllClose(query, await turned([1, 2, 3, 4], 0.5).data(), tolerance());
  });
});

describe('randomized positions', () => {
  const stream = () => RandomStream.fromSeed(3, 'dropout');

  it('are distinct, ascending, within bounds, and each as likely', () => {
    const counts = new Array(12).fill(0);
    const random = stream();
    for (let n = 0; n < 3000; n++) {
      const drawn = drawPositions(4, 12, random);
      expect(new Set(drawn).size).toBe(4);
      expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
      for (const position of drawn) counts[position]++;
    }
    // 1000 expected each; the deviation is 26.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(130);
    expect(drawPositions(5, 5, random)).toEqual([0, 1, 2, 3, 4]);
  });

  it('are drawn anew in training, and by layer and length in evaluation', () => {
    const positions = randomizedPositions(100, stream());
    const training = context({ training: true });
    expect(positions(6, training)()).not.toEqual(positions(6, training)());
    const evaluated = positions(6, context())();
    expect(positions(6, context())()).toEqual(evaluated);
    expect(positions(6, context({ layer: 1 }))()).not.toEqual(evaluated);
    const cache = new LayerCache(6);
    expect(positions(2, context({ first: 3, cache }))()).toEqual(evaluated.slice(3, 5));
    expect(() => positions(101, context())).toThrow(UserError);
    expect(() => positions(101, context())).toThrow('but maxLength is 100');
  });

  it('turn a compiled function by new positions at each call', async () => {
    const turn = rope({ headDim: 4, positions: randomizedPositions(1000, stream()) });
    const training = context({ training: true });
    const compiled = compile((x: tf.Tensor4D) => turn(x, x, training)[0]);
    const { queries } = tensorsOfHeads(randomHeads(1, { heads: 1, length: 3, headDim: 4 }));
    const seen = new Set<string>();
    for (let n = 0; n < 4; n++) {
      const values = await compiled(queries).data();
      expect(values.every(Number.isFinite)).toBe(true);
      seen.add(values.toString());
    }
    expect(seen.size).toBe(4);
    compiled.dispose();
  });
});

describe('sinusoidal positions', () => {
  it('have the golden values, and equal the oracle wherever they start', async () => {
    await expectAllClose(sinusoidal(4)(1, 1), [0.841471, 0.0099998, 0.5403023, 0.99995], GOLDEN);
    const expected = [5, 6, 7].flatMap((position) => oracle.sinusoid(position, 6));
    await expectAllClose(sinusoidal(6)(5, 3), expected, tolerance());
    expect(() => sinusoidal(5)).toThrow('must be even');
  });
});
