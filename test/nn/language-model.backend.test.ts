import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { countParameters, LanguageModel, type LanguageModelOptions, type Layer } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { crossEntropy, type Vector } from '../oracle/nn/functions.ts';
import { languageModel, type ModelWeights } from '../oracle/nn/language-model.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { randomizeParameters, readWeights } from './weights.ts';

const SMALL: LanguageModelOptions = {
  vocabulary: 11,
  contextLength: 6,
  width: 8,
  layers: 2,
  heads: 2,
  hidden: 12,
};
const [B, T] = [2, 5];
const EPSILON = 1e-5;

function create(options: Partial<LanguageModelOptions> = {}, seed = 1): LanguageModel {
  return new LanguageModel({ ...SMALL, ...options }, new RandomStreams(seed));
}

function draw(seed: number, batch = B, length = T): { tensor: tf.Tensor2D; sequences: Vector[] } {
  const values = new RandomNumbers(seed).integers(batch * length, 11);
  const sequences = Array.from({ length: batch }, (_, b) => [...values.slice(b * length, (b + 1) * length)]);
  return { tensor: tf.tensor2d(values, [batch, length], 'int32'), sequences };
}

const VARIANTS: [string, Partial<LanguageModelOptions>][] = [
  ['learned positions, tied head', {}],
  ['no positions, own head', { positions: 'none', tiedHead: false }],
  ['a full context', { contextLength: T }],
];

describe('LanguageModel', () => {
  // Deviation 0.4 everywhere: logits of some tens, gone through 14 products.
  const deep = () => tolerance(20);

  it.each(VARIANTS)('equals the oracle: logits and loss, %s', async (_, options) => {
    const model = create(options);
    randomizeParameters(model, 3);
    const weights = await readWeights<ModelWeights>(model);
    const [tokens, targets] = [draw(4), draw(5)];
    const expected = tokens.sequences.map((s) => languageModel(s, weights, { heads: 2, epsilon: EPSILON }));
    const logits = model.logits(tokens.tensor);
    expect(logits.shape).toEqual([B, T, 11]);
    await expectAllClose(logits, expected, deep());
    const labels = targets.sequences.flat();
    const loss = model.loss(tokens.tensor, targets.tensor);
    expect(loss.shape).toEqual([]);
    await expectAllClose(loss, [crossEntropy(expected.flat(), labels)], deep());
    const shares = new Float32Array([1, 0, 0, 1, 2, 0.5, 0, 0, 1, 0]);
    const weighted = model.loss(tokens.tensor, targets.tensor, { weights: tf.tensor2d(shares, [B, T]) });
    await expectAllClose(weighted, [crossEntropy(expected.flat(), labels, [...shares])], deep());
    model.dispose();
  });

  it.each(VARIANTS)('has the right gradient for every parameter, %s', async (_, options) => {
    const model = create(options);
    randomizeParameters(model, 6);
    const weights = await readWeights<ModelWeights>(model);
    const [tokens, targets] = [draw(7), draw(8)];
    const labels = targets.sequences.flat();
    const loss = () =>
      crossEntropy(
        tokens.sequences.flatMap((s) => languageModel(s, weights, { heads: 2, epsilon: EPSILON })),
        labels,
      );
    const { grads } = tf.variableGrads(() => model.loss(tokens.tensor, targets.tensor));
    const random = new RandomNumbers(9);
    for (const { name, variable } of model.parameters()) {
      const gradient = await (grads[variable.name] as tf.Tensor).data();
      // Probe a few elements, by moving them in the oracle's float64 weights.
      const node = name
        .split('.')
        .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], weights);
      for (let probe = 0; probe < 4; probe++) {
        const index = random.integer(variable.size);
        const columns = variable.shape.at(-1) as number;
        const values = (
          variable.rank === 1 ? node : (node as number[][])[Math.floor(index / columns)]
        ) as number[];
        const column = index % columns;
        const original = values[column] as number;
        const [up, down] = [1e-5, -1e-5].map((h) => {
          values[column] = original + h;
          return loss();
        }) as [number, number];
        values[column] = original;
        // Gradients of order 0.1 to 1; the difference quotient itself is good to 1e-9.
        await expectAllClose([gradient[index] as number], [(up - down) / 2e-5], { ...deep(), rtol: 1e-3 });
      }
    }
    model.dispose();
  });

  it('never lets later tokens change earlier logits, and a prefix has the logits of the whole', async () => {
    const model = create();
    randomizeParameters(model, 10);
    const { tensor } = draw(11, 1);
    const first = (logits: tf.Tensor) => logits.slice([0, 0, 0], [1, 3, 11]).data();
    const expected = await first(model.logits(tensor));
    const changed = tf.tensor2d([...(await tensor.data()).slice(0, 3), 0, 0], [1, T], 'int32');
    expect(await first(model.logits(changed))).toEqual(expected);
    // Another length may be summed in another order.
    await expectAllClose(await first(model.logits(tensor.slice([0, 0], [1, 3]))), expected, deep());
    model.dispose();
  });

  it('starts near a loss of log V, the same for the same seed, bit for bit', async () => {
    const [a, b, c] = [create(), create(), create({}, 2)];
    for (const [i, { variable }] of a.parameters().entries()) {
      expect(await variable.data()).toEqual(await b.parameters()[i]?.variable.data());
    }
    expect(await a.tokens.table.data()).not.toEqual(await c.tokens.table.data());
    const loss = (await a.loss(draw(12).tensor, draw(13).tensor).data())[0] as number;
    expect(Math.abs(loss - Math.log(11))).toBeLessThan(0.1);
    for (const model of [a, b, c]) model.dispose();
  });

  it('starts as GPT-2: deviation 0.02, and 0.02/√(2L) for the last map of each branch', async () => {
    const model = create({ vocabulary: 200, width: 64, hidden: 256, layers: 3 });
    for (const { name, variable, decay } of model.parameters().filter((parameter) => parameter.decay)) {
      if (name === 'positions.weight') continue; // too few numbers
      const expected = /output|contract/.test(name) ? 0.02 / Math.sqrt(6) : 0.02;
      const values = Float32Array.from(await variable.data());
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      // At least 4,096 numbers: standard error 1.1 %, five of them.
      expect(Math.abs(deviation / expected - 1), `${name} ${decay}`).toBeLessThan(0.055);
    }
    model.dispose();
  });

  it('names its parameters in order, counts them, and decays matrices alone', () => {
    const model = create({ layers: 1, tiedHead: false });
    const parameters = model.parameters();
    expect(parameters.filter(({ decay }) => decay).map(({ name }) => name)).toEqual([
      'tokens.weight',
      'positions.weight',
      'blocks.0.attention.queryKeyValue.weight',
      'blocks.0.attention.output.weight',
      'blocks.0.mlp.expand.weight',
      'blocks.0.mlp.contract.weight',
      'head.weight',
    ]);
    expect(parameters.filter(({ decay }) => !decay).map(({ name }) => name)).toEqual([
      'blocks.0.attentionNorm.gain',
      'blocks.0.attentionNorm.bias',
      'blocks.0.attention.queryKeyValue.bias',
      'blocks.0.attention.output.bias',
      'blocks.0.mlpNorm.gain',
      'blocks.0.mlpNorm.bias',
      'blocks.0.mlp.expand.bias',
      'blocks.0.mlp.contract.bias',
      'finalNorm.gain',
      'finalNorm.bias',
    ]);
    // tokens 88, positions 48, attention 8·24 + 24 + 64 + 8, MLP 96 + 12 + 96 + 8, three norms of 16, head 88
    expect(countParameters(model)).toBe(88 + 48 + 288 + 212 + 48 + 88);
    model.dispose();
  });

  it('says what is wrong with its input or its options', () => {
    const model = create();
    const { tensor } = draw(14);
    expect(() => model.logits(draw(15, 1, 7).tensor)).toThrow(UserError);
    expect(() => model.logits(draw(15, 1, 7).tensor)).toThrow(/sequence of 7 tokens .* 6 learned positions/);
    expect(() => model.logits(tf.zeros([2, 5]))).toThrow(/int32, got float32/);
    expect(() => model.logits(tf.zeros([5], 'int32') as tf.Tensor as tf.Tensor2D)).toThrow(
      /\[B, T\], got \[5\]/,
    );
    expect(() => model.loss(tensor, draw(15, 2, 4).tensor)).toThrow(
      /targets must have shape \[2, 5\], got \[2, 4\]/,
    );
    expect(() => create({ layers: 0 })).toThrow(/layers must be a positive integer, got 0/);
    expect(() => create({ heads: 3 })).toThrow('3 heads do not divide the width 8');
    model.dispose();
    const unlimited = create({ positions: 'none' });
    expect(unlimited.logits(draw(15, 1, 20).tensor).shape).toEqual([1, 20, 11]);
    unlimited.dispose();
  });

  it('drops in training alone, by the dropout stream', async () => {
    const [a, b] = [create({ dropout: 0.3 }), create({ dropout: 0.3 })];
    const [tokens, targets] = [draw(16).tensor, draw(17).tensor];
    const loss = async (model: LanguageModel, training: boolean) =>
      (await model.loss(tokens, targets, { training }).data())[0];
    for (const model of [a, b]) randomizeParameters(model, 18);
    expect(await loss(a, false)).toBe(await loss(a, false));
    const drawn = [await loss(a, true), await loss(a, true)];
    expect(drawn[0]).not.toBe(drawn[1]);
    expect([await loss(b, true), await loss(b, true)]).toEqual(drawn);
    a.dispose();
    b.dispose();
  });

  it('drops elements of the embedding itself', async () => {
    // Equal embeddings are 0 after the block's LayerNorm, unless some of their elements were dropped before.
    const seen: tf.Tensor[] = [];
    const mlp = (): Layer => ({
      apply: (x) => {
        seen.push(tf.keep(tf.max(tf.abs(x))));
        return tf.zerosLike(x);
      },
      parameters: () => [],
      dispose() {},
    });
    const options = { ...SMALL, layers: 1, positions: 'none', dropout: 0.5 } as const;
    const model = new LanguageModel(options, new RandomStreams(1), { mlp });
    for (const { name, variable } of model.parameters()) {
      if (name === 'tokens.weight') variable.assign(tf.ones(variable.shape));
      if (name === 'blocks.0.attention.output.weight') variable.assign(tf.zeros(variable.shape));
    }
    const { tensor } = draw(22);
    tf.dispose([model.logits(tensor), model.logits(tensor, { training: true })]);
    const [evaluating, training] = await Promise.all(seen.map(async (x) => (await x.data())[0] as number));
    expect(evaluating).toBeLessThan(1e-3);
    expect(training).toBeGreaterThan(0.5);
    tf.dispose(seen);
    model.dispose();
  });

  it('takes its MLP, score processing and query-key transform from outside, for each layer', async () => {
    const asked: string[] = [];
    const model = new LanguageModel(SMALL, new RandomStreams(1), {
      mlp: (layer) => {
        asked.push(`mlp ${layer}`);
        return {
          apply: (x) => tf.zerosLike(x),
          parameters: () => [],
          dispose: () => asked.push(`free ${layer}`),
        };
      },
      process: (layer) => (scores, context) => {
        asked.push(`process ${layer}=${context.layer}`);
        return scores;
      },
      queryKeyTransform: (queries, keys) => {
        asked.push('transform');
        return [queries, keys];
      },
    });
    expect(model.parameters().some(({ name }) => name.includes('mlp.'))).toBe(false);
    await model.logits(draw(19).tensor).data();
    model.dispose();
    expect(asked).toEqual([
      ...['mlp 0', 'mlp 1'],
      ...['transform', 'process 0=0', 'transform', 'process 1=1'],
      ...['free 0', 'free 1'],
    ]);
  });

  it('does not leak, and frees all it made', async () => {
    const [tokens, targets] = [draw(20).tensor, draw(21).tensor];
    await expectNoLeak(() => {
      const model = create({ dropout: 0.1, tiedHead: false });
      tf.dispose([model.logits(tokens), model.loss(tokens, targets)]);
      const { value, grads } = tf.variableGrads(() => model.loss(tokens, targets, { training: true }));
      tf.dispose([value, ...Object.values(grads)]);
      model.dispose();
    });
  });
});
