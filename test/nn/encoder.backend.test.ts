import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Bert } from '../../src/bert/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import {
  type EncoderInputs,
  Pooler,
  paddingBias,
  SelfAttention,
  TokenEmbedding,
} from '../../src/nn/encoder/index.ts';
import { normal } from '../../src/nn/index.ts';
import { RandomStream, RandomStreams } from '../../src/random/index.ts';
import { attentionScores, type EncoderWeights, encoder, type LinearWeights } from '../oracle/nn/encoder.ts';
import { geluTanh, linear, type Matrix } from '../oracle/nn/functions.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { CAPTURES } from '../support/modes.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { nest, normalMatrix, randomizeParameters, readWeights } from './weights.ts';

const SHAPE = { vocabulary: 11, positions: 7, segments: 2, width: 6, layers: 2, heads: 2, hidden: 10 };
const TOKENS = [
  [3, 9, 1, 4, 0],
  [10, 2, 2, 7, 5],
];
const SEGMENTS = [
  [0, 0, 1, 1, 0],
  [0, 1, 1, 1, 1],
];
const PADDING = [
  [0, 0, 0, 0, 1],
  [0, 0, 0, 0, 0],
];

const stream = () => RandomStream.fromSeed(1, 'init');
const integers = (values: number[][]) => tf.tensor2d(values, undefined, 'int32');
const inputs = () => ({ tokens: integers(TOKENS), segments: integers(SEGMENTS), padding: integers(PADDING) });

function create(options: ConstructorParameters<typeof Bert>[0] = {}): Bert {
  const bert = new Bert(
    { ...SHAPE, epsilon: 1e-5, dropout: 0, attentionDropout: 0, ...options },
    new RandomStreams(1),
  );
  randomizeParameters(bert, 2);
  return bert;
}

/** The hidden states of both sequences by the oracle, level by level. */
async function expected(
  bert: Bert,
  without: { segments?: boolean; padding?: boolean } = {},
): Promise<number[][][][]> {
  const weights = await readWeights<{ encoder: EncoderWeights }>(bert);
  const activation = bert.config.activation === 'gelu-tanh' ? { activation: geluTanh } : {};
  const none = new Array<number>(5).fill(0);
  const sequences = TOKENS.map((tokens, b) => {
    const segments = without.segments ? none : (SEGMENTS[b] as number[]);
    const padding = without.padding ? none : (PADDING[b] as number[]);
    return encoder({ tokens, segments, padding }, weights.encoder, {
      heads: 2,
      epsilon: 1e-5,
      ...activation,
    });
  });
  return (sequences[0] as number[][][]).map((_, level) =>
    sequences.map((levels) => levels[level] as number[][]),
  );
}

describe('an encoder of two blocks', () => {
  const deep = tolerance(10); // eight products and five normalisations in a row

  it.each(['gelu', 'gelu-tanh'] as const)('equals the oracle at every level, with %s', async (activation) => {
    const bert = create({ activation });
    const { hidden, scores } = bert.encoder.trace(inputs());
    const levels = await expected(bert);
    expect(hidden).toHaveLength(levels.length);
    for (const [level, state] of hidden.entries())
      await expectAllClose(state, levels[level] as number[][][], deep);
    await expectAllClose(bert.encoder.encode(inputs()), hidden.at(-1) as tf.Tensor, { rtol: 0, atol: 0 });

    const weights = await readWeights<{ encoder: EncoderWeights }>(bert);
    const first = weights.encoder.blocks[0]?.attention.queryKeyValue as LinearWeights;
    const want = (levels[0] as Matrix[]).map((x, b) => attentionScores(x, first, 2, PADDING[b] as number[]));
    await expectAllClose(scores[0] as tf.Tensor, want, { ...deep, atol: 1e-3 }); // beside −10,000
    tf.dispose([...hidden, ...scores]);
    bert.dispose();
  });

  it('takes segments and padding for 0 where there are none', async () => {
    const bert = create();
    const { tokens, segments, padding } = inputs();
    const last = async (options: { segments?: boolean; padding?: boolean }) =>
      (await expected(bert, options)).at(-1) as number[][][];
    await expectAllClose(bert.encoder.encode({ tokens, padding }), await last({ segments: true }), deep);
    await expectAllClose(bert.encoder.encode({ tokens, segments }), await last({ padding: true }), deep);
    bert.dispose();
  });

  it('gives tokens the same states whatever the padding holds, and however long it is', async () => {
    const bert = create();
    const states = async (tokens: number[], count: number) => {
      const padding = tokens.map((_, i) => (i < 3 ? 0 : 1));
      const state = bert.encoder.encode({ tokens: integers([tokens]), padding: integers([padding]) });
      return state.slice([0, 0, 0], [1, count, 6]);
    };
    const alone = await states([3, 9, 1], 3);
    await expectAllClose(await states([3, 9, 1, 0, 0], 3), alone);
    await expectAllClose(await states([3, 9, 1, 8, 2, 6], 3), alone);
    bert.dispose();
  });

  const gradientsOf = (bert: Bert, fn: (x: EncoderInputs) => tf.Tensor) => (x: EncoderInputs) => {
    const { value, grads } = tf.variableGrads(() => fn(x).sum().asScalar());
    return [value, ...bert.parameters().map(({ variable }) => grads[variable.name] as tf.Tensor)];
  };

  it('has the gradients of all weights, by central differences of the oracle', async () => {
    const bert = create();
    const weighted = normalMatrix(5, [2, 5, 6]);
    const step = gradientsOf(bert, (x) => bert.encoder.encode(x).mul(weighted.tensor));
    const [, ...gradients] = step(inputs());
    const loss = async () => {
      const last = ((await expected(bert)).at(-1) as number[][][]).flat(2);
      return last.reduce((sum, value, i) => sum + value * (weighted.rows.flat()[i] as number), 0);
    };
    for (const [i, { name, variable }] of bert.parameters().entries()) {
      const values = Float32Array.from(await variable.data());
      const gradient = await (gradients[i] as tf.Tensor).data();
      const element = (7 * i + 3) % values.length;
      const read = name.endsWith('tokens.weight') ? 3 * 6 + 1 : element; // of a token that occurs
      const h = 2 ** -10; // exact in float32 beside numbers near 1; truncation errs by h²
      const at = async (shift: number) => {
        const moved = Float32Array.from(values);
        moved[read] = (moved[read] as number) + shift;
        tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
        return { loss: await loss(), at: moved[read] as number };
      };
      const [above, below] = [await at(h), await at(-h)];
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
      const want = (above.loss - below.loss) / (above.at - below.at);
      expect(Math.abs((gradient[read] as number) - want), name).toBeLessThan(
        1e-3 * Math.max(1, Math.abs(want)),
      );
    }
    tf.dispose(gradients);
    bert.dispose();
  });

  it('gives the padding token no gradient, though it has a vector', async () => {
    const bert = create();
    const [, tokens] = gradientsOf(bert, (x) => bert.encoder.encode(x).square())(inputs());
    const rows = (await (tokens as tf.Tensor).array()) as number[][];
    expect(rows.map((row) => row.some((value) => value !== 0))).toEqual(
      rows.map((_, token) => token !== 0 && TOKENS.flat().includes(token)),
    );
    expect((await bert.tokenTable.slice([0, 0], [1, 6]).data()).some((value) => value !== 0)).toBe(true);
    bert.dispose();
  });

  it.skipIf(!CAPTURES)(
    'gives the same losses and gradients captured and eager, dropout included, and leaks nothing',
    async () => {
      const run = async (captured: boolean): Promise<Float32Array[]> => {
        const bert = create({ dropout: 0.2, attentionDropout: 0.1 });
        const plain = gradientsOf(bert, (x) => bert.encoder.encode(x, { training: true }).square());
        const graph = captured ? compile(plain) : undefined;
        const results: Float32Array[] = [];
        for (let call = 0; call < 4; call++) {
          const x = inputs();
          const outputs = (graph ?? plain)(x);
          for (const output of outputs) results.push(Float32Array.from(await output.data()));
          tf.dispose([outputs, Object.values(x)]);
        }
        graph?.dispose();
        bert.dispose();
        return results;
      };
      const eager = await run(false);
      const before = tf.memory().numTensors;
      const captured = await run(true);
      expect(tf.memory().numTensors).toBe(before);
      // The graph optimizer may reorder sums.
      for (const [i, values] of eager.entries())
        await expectAllClose(captured[i] as Float32Array, values, tolerance(30));
      expect(eager[0]).not.toEqual(eager[(eager.length / 4) | 0]); // another mask
    },
  );

  it('leaves nothing behind', async () => {
    const bert = create();
    const x = inputs();
    await expectNoLeak(() => {
      bert.encoder.encode(x).dispose();
      const { hidden, scores } = bert.encoder.trace(x);
      expect([hidden.length, scores.length]).toEqual([3, 2]);
      tf.dispose([...hidden, ...scores]);
    });
    await expectNoLeak(() => create().dispose());
    bert.dispose();
  });

  it('names the shape that does not fit', () => {
    const bert = create();
    const { tokens, segments, padding } = inputs();
    const refuse = (x: EncoderInputs, message: string) => {
      expect(() => bert.encoder.encode(x)).toThrow(UserError);
      expect(() => bert.encoder.encode(x)).toThrow(message);
    };
    refuse({ tokens: tf.zeros([2, 8], 'int32') }, 'A sequence of 8 tokens is longer than the 7 positions');
    refuse({ tokens: tf.zeros([2, 5]) }, 'the indices must be int32, got float32');
    refuse(
      { tokens: tokens.reshape([10]) as unknown as tf.Tensor2D },
      'tokens of an encoder must have shape [B, T]',
    );
    refuse(
      { tokens, segments: segments.slice([0, 0], [2, 4]) },
      'segments of an encoder must have shape [2, 5]',
    );
    refuse(
      { tokens, padding: padding.slice([0, 0], [1, 5]) },
      'padding of an encoder must have shape [2, 5]',
    );
    bert.dispose();
  });
});

describe('parts', () => {
  it('paddingBias takes any numbers of 0 and 1', async () => {
    const bias = paddingBias(tf.tensor2d([[0, 1]], [1, 2], 'int32'));
    expect(bias.shape).toEqual([1, 1, 1, 2]);
    expect(Array.from(await bias.data(), (value) => value + 0)).toEqual([0, -10_000]);
    await expectAllClose(paddingBias(tf.tensor2d([[1, 0]])), [-10_000, 0]);
  });

  it('SelfAttention refuses heads and shapes that do not fit', () => {
    const options = { width: 6, heads: 2, initializer: normal(1) };
    expect(() => new SelfAttention({ ...options, heads: 4 }, stream())).toThrow(
      '4 heads do not divide the width 6',
    );
    const attention = new SelfAttention(options, stream());
    expect(() => attention.apply(tf.zeros([2, 3, 5]))).toThrow('must have shape [B, T, 6], got [2, 3, 5]');
    const keyBias = tf.zeros([2, 1, 1, 4]) as tf.Tensor4D;
    expect(() => attention.apply(tf.zeros([2, 3, 6]), { keyBias })).toThrow('must have shape [2, 1, 1, 3]');
    attention.dispose();
  });

  it('Pooler is tanh of a map of the first state', async () => {
    const pooler = new Pooler({ width: 4, initializer: normal(1) }, stream());
    randomizeParameters(pooler, 3);
    const { dense } = await readWeights<{ dense: LinearWeights }>(pooler);
    const { tensor, rows } = normalMatrix(4, [2, 3, 4]);
    const first = [rows[0], rows[3]] as Matrix;
    const want = linear(first, dense.weight, dense.bias).map((values) => values.map(Math.tanh));
    await expectAllClose(pooler.apply(tensor as tf.Tensor3D), want);
    pooler.dispose();
  });

  it('TokenEmbedding returns rows of its table', async () => {
    const embedding = new TokenEmbedding(
      { vocabulary: 5, width: 3, paddingToken: 2, initializer: normal(1) },
      stream(),
    );
    const table = nest(await embedding.table.table.data(), [5, 3]) as Matrix;
    await expectAllClose(embedding.apply(integers([[2, 4]])), [table[2] as number[], table[4] as number[]]);
    embedding.dispose();
  });
});
