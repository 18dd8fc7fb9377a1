import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  BERT_EXPRESSION,
  efficientBertFfn,
  type FfnWeights,
  ffnParameters,
  parseExpression,
  SearchedMlp,
  type SearchedMlpOptions,
} from '../../methods/efficient-bert/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { countParameters, geluTanh, LanguageModel, Mlp } from '../../src/nn/index.ts';
import { RandomStream, RandomStreams } from '../../src/random/index.ts';
import { normalMatrix, randomizeParameters, readWeights } from '../nn/weights.ts';
import { type Ffn, stack } from '../oracle/efficient-bert/ffn.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { expectInBothForms } from './both-forms.ts';
import { FOUND, lattice, transposed } from './fixtures.ts';

const stream = () => RandomStream.fromSeed(1, 'init');
const create = (options: SearchedMlpOptions) => new SearchedMlp(options, stream());
/** Up to four networks in a row, each two products and a division by a deviation. */
const stacked = tolerance(20);

/** Weights of four networks as the golden numbers have them: parameter p of the authors' block is filled by its number. */
function goldenWeights(width: number): FfnWeights[] {
  let p = 10; // the ten tensors of the attention come first
  const next = (count: number): number[] => {
    const values = Array.from({ length: count }, (_, k) => (((37 * k + 11 * p) % 101) - 50) / 250);
    p++;
    return values;
  };
  // Square, in PyTorch's layout [out, in].
  const affine = () => ({
    weight: tf.tensor2d(transposed(next(width * width), width), [width, width]),
    bias: tf.tensor1d(next(width)),
  });
  return Array.from({ length: 4 }, () => {
    const [expand, contract] = [affine(), affine()];
    return {
      expand,
      contract,
      norm: { gain: tf.tensor1d(next(width).map((v) => 1 + v)), bias: tf.tensor1d(next(width)) },
    };
  });
}

describe('efficientBertFfn', () => {
  it.each([
    [FOUND[0], 4, 6, [-0.985246, 0.705646, -1.324021]],
    [FOUND[1], 2, 12, [-1.203287, 0.910657, -1.185888]],
    [FOUND[2], 1, 6, [-1.295221, 0.667725, -0.571117]],
    [FOUND[3], 2, 6, [-1.177982, 0.747236, -1.036127]],
    [FOUND[4], 1, 6, [-1.215001, 0.807384, -0.741785]],
    [FOUND[5], 2, 4, [-1.294314, 0.704923, -0.811204]],
  ])(
    'golden check 18: the values of %s, eager and captured',
    async (text, stackedFfn, expanded, expected) => {
      const expression = parseExpression(text);
      const u = tf.tensor2d(lattice(24, 7, 0), [2, 12]);
      const block = { expression, stackedFfn, expanded, widthRule: 'min', epsilon: 1e-5 } as const;
      const first = (x: tf.Tensor2D) =>
        tf.tidy(() => tf.slice(efficientBertFfn(x, goldenWeights(12), block), [0, 0], [1, 3]));
      // They are given to six places.
      await expectInBothForms(first, u, expected, { ...stacked, atol: 1e-5 });
    },
  );

  it('of a supernet equals the layer with the leading slices, and gives zeros where nothing was taken', async () => {
    const text = FOUND[3];
    const layer = create({ expression: text, width: 12 });
    const whole = goldenWeights(12);
    for (const [i, { expand, contract, norm }] of layer.ffns.entries()) {
      const source = whole[i] as FfnWeights;
      expand.weight.variable.assign(tf.slice(source.expand.weight, [0, 0], [12, 6]));
      expand.bias?.variable.assign(tf.slice(source.expand.bias, [0], [6]));
      contract.weight.variable.assign(tf.slice(source.contract.weight, [0, 0], [6, 12]));
      contract.bias?.variable.assign(source.contract.bias);
      norm.gain.variable.assign(source.norm.gain);
      norm.bias.variable.assign(source.norm.bias);
    }
    const u = tf.tensor2d(lattice(24, 7, 0), [2, 12]);
    await expectAllClose(layer.apply(u), efficientBertFfn(u, whole, layer.block), { rtol: 0, atol: 0 });

    const first = whole[0] as FfnWeights;
    const dContract = tf.grad((weight) =>
      efficientBertFfn(u, [{ ...first, contract: { ...first.contract, weight: weight as tf.Tensor2D } }], {
        ...layer.block,
        stackedFfn: 1,
      }).square(),
    )(first.contract.weight);
    expect(dContract.shape).toEqual([12, 12]);
    const rows = (await dContract.array()) as number[][];
    expect(rows.map((row) => row.some((value) => value !== 0))).toEqual(rows.map((_, i) => i < 6));
    layer.dispose();
  });

  it('refuses fewer networks than it stacks', () => {
    const expression = parseExpression(FOUND[0]);
    const block = { expression, stackedFfn: 4, expanded: 6, widthRule: 'min', epsilon: 1e-5 } as const;
    const u = tf.zeros([1, 12]) as tf.Tensor2D;
    expect(() => efficientBertFfn(u, goldenWeights(12).slice(0, 3), block)).toThrow(/4 stacked .* got 3/);
  });
});

describe('SearchedMlp', () => {
  const CASES: SearchedMlpOptions[] = [
    ...FOUND.map((expression) => ({ expression, width: 12 })),
    { expression: FOUND[4], width: 4, hidden: 16, widthRule: 'max' },
    {
      expression: 'linear(gelu(linear(x,wb1)),wb2)',
      width: 6,
      hidden: 9,
      stackedFfn: 3,
      expansionRatio: 2 / 3,
    },
  ];

  it.each(CASES)('equals the oracle, and counts its weights: $expression', async (options) => {
    const layer = create(options);
    randomizeParameters(layer, 3);
    const { ffns } = await readWeights<{ ffns: Ffn[] }>(layer);
    const { width } = options;
    const { stackedFfn: k, expanded: e, widthRule: mode } = layer.block;
    for (const shape of [[width], [5, width], [2, 3, width]]) {
      const { tensor, rows } = normalMatrix(4, shape);
      const y = layer.apply(tensor);
      expect(y.shape).toEqual(shape);
      await expectAllClose(
        y,
        stack(options.expression as string, rows, ffns, { k, e, mode }).flat(),
        stacked,
      );
    }
    expect(countParameters(layer)).toBe(ffnParameters(width, e, k));
    layer.dispose();
  });

  it('of BERT’s own expression is linear, tanh gelu, linear of src/nn in a normed residual', async () => {
    const layer = create({ expression: BERT_EXPRESSION, width: 6, hidden: 24 });
    randomizeParameters(layer, 5);
    const [ffn] = layer.ffns as [(typeof layer.ffns)[number]];
    const mlp = new Mlp({ width: 6, hidden: 24, activation: geluTanh }, stream());
    mlp.expand.weight.variable.assign(ffn.expand.weight.variable);
    mlp.expand.bias?.variable.assign(ffn.expand.bias?.variable as tf.Tensor);
    mlp.contract.weight.variable.assign(ffn.contract.weight.variable);
    mlp.contract.bias?.variable.assign(ffn.contract.bias?.variable as tf.Tensor);
    const { tensor: x } = normalMatrix(6, [2, 3, 6]);
    await expectAllClose(layer.apply(x), ffn.norm.apply(tf.add(x, mlp.apply(x))));
    mlp.dispose();
    layer.dispose();
  });

  it('has the gradients of its input and of every weight', async () => {
    const layer = create({ expression: FOUND[3], width: 6 });
    randomizeParameters(layer, 7);
    const { tensor: x } = normalMatrix(8, [2, 6]);
    await expectGradientsMatch((u) => layer.apply(u as tf.Tensor), [x], { step: 2 ** -8, tolerance: 1e-2 });
    const variables = layer.parameters().map(({ variable }) => variable);
    const { grads } = tf.variableGrads(() => layer.apply(x).square().sum() as tf.Scalar, variables);
    for (const { variable, name } of layer.parameters()) {
      const gradient = grads[variable.name] as tf.Tensor;
      expect(gradient.shape, name).toEqual(variable.shape);
      expect(
        Array.from(await gradient.data()).some((value) => value !== 0),
        name,
      ).toBe(true);
    }
    layer.dispose();
  });

  it('drops from each residual branch while training only', async () => {
    const dropout = { rate: 0.5, stream: RandomStream.fromSeed(2, 'dropout') };
    const options = { expression: FOUND[0], width: 12 };
    const [plain, dropping] = [create(options), create({ ...options, dropout })];
    const x = normalMatrix(9, [4, 12]).tensor;
    await expectAllClose(dropping.apply(x), plain.apply(x), { rtol: 0, atol: 0 });
    const [a, b] = [dropping, dropping].map((layer) => layer.apply(x, { training: true })) as [
      tf.Tensor,
      tf.Tensor,
    ];
    expect(await a.data()).not.toEqual(await b.data());
    await expectAllClose(plain.apply(x, { training: true }), plain.apply(x), { rtol: 0, atol: 0 });
    plain.dispose();
    dropping.dispose();
  });

  it('lists its parameters in order, with what decays, and starts as the authors’ does', async () => {
    const layer = create({ expression: FOUND[1], width: 30 });
    const one = [
      'expand.weight decays',
      'expand.bias',
      'contract.weight decays',
      'contract.bias',
      'norm.gain',
      'norm.bias',
    ];
    expect(layer.parameters().map(({ name, decay }) => `${name}${decay ? ' decays' : ''}`)).toEqual(
      [0, 1].flatMap((i) => one.map((name) => `ffns.${i}.${name}`)),
    );
    const [weight, bias] = layer.parameters().map(({ variable }) => variable) as [tf.Variable, tf.Variable];
    const values = Float32Array.from(await weight.data());
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(deviation).toBeCloseTo(0.02, 2); // 900 draws: ± 5 %
    expect(Array.from(await bias.data()).every((value) => value === 0)).toBe(true);
    layer.dispose();
  });

  it('frees all it made', async () => {
    await expectNoLeak(() => {
      for (const expression of FOUND) {
        const layer = create({ expression, width: 12 });
        const x = tf.ones([2, 3, 12]);
        const variables = layer.parameters().map(({ variable }) => variable);
        const { value, grads } = tf.variableGrads(() => layer.apply(x).sum() as tf.Scalar, variables);
        tf.dispose([layer.apply(x), value, grads, x]);
        layer.dispose();
        layer.dispose();
      }
    });
  });

  it.each<[Partial<SearchedMlpOptions>, RegExp]>([
    [
      { expression: 'linear1_1(gelu(x),wb1)' },
      /is not legal. The height is 2.* The weights are, in order: wb1;/,
    ],
    [{ expression: 'gelu(' }, /column 6/],
    [{ expression: FOUND[0], stackedFfn: 2 }, /stackedFfn is 2, but linear4_2 says 4/],
    [{ expression: FOUND[0], expansionRatio: 1 }, /expansionRatio is 1, but linear4_2 says 0.5/],
    [
      { expression: 'linear(gelu(linear(x,wb1)),wb2)', stackedFfn: 1.5 },
      /stackedFfn must be a positive integer/,
    ],
    [
      { expression: 'linear(gelu(linear(x,wb1)),wb2)', expansionRatio: 0 },
      /expansionRatio must be more than 0/,
    ],
    [{ hidden: 3 }, /no hidden unit is left: 0.25 of 3/],
    [{ width: 0 }, /width must be a positive integer, got 0/],
    [{ epsilon: 0 }, /epsilon must be positive/],
    [{ widthRule: 'mean' as 'min' }, /widthRule must be min or max, got mean/],
    [{ expression: FOUND[4], hidden: 36 }, /wb2 takes 18 channels, but gets 12/],
    [
      { expression: 'linear(gelu(add(linear(x,wb1),x)),wb2)', hidden: 24 },
      /wb2 takes 24 channels, but gets 12/,
    ],
  ])('refuses %j', (wrong, message) => {
    const options = { expression: 'linear1_4(gelu(linear1_4(x,wb1)),wb2)', width: 12, ...wrong };
    expect(() => create(options)).toThrow(UserError);
    expect(() => create(options)).toThrow(message);
  });

  it('refuses an input of another width', () => {
    const layer = create({ expression: FOUND[0], width: 12 });
    expect(() => layer.apply(tf.zeros([2, 6]))).toThrow('must have shape […, 12], got [2, 6]');
    layer.dispose();
  });
});

describe('in a language model', () => {
  const OPTIONS = { vocabulary: 11, contextLength: 6, width: 12, layers: FOUND.length, heads: 2 };
  const CALLS = 5; // from the third on a graph runs

  function model(): LanguageModel {
    const streams = new RandomStreams(1);
    const dropout = { rate: 0.1, stream: streams.dropout };
    const mlp = (layer: number) =>
      new SearchedMlp({ expression: FOUND[layer] as string, width: OPTIONS.width, dropout }, streams.init);
    return new LanguageModel(OPTIONS, streams, { mlp });
  }

  async function losses(compiled: boolean): Promise<Float32Array[]> {
    const made = model();
    const variables = made.parameters().map(({ variable }) => variable);
    const plain = (tokens: tf.Tensor2D, targets: tf.Tensor2D) => {
      const { value, grads } = tf.variableGrads(() => made.loss(tokens, targets, { training: true }));
      return [value, ...variables.map((variable) => grads[variable.name] as tf.Tensor)];
    };
    const graph = compiled ? compile(plain) : undefined;
    const results: Float32Array[] = [];
    for (let call = 0; call < CALLS; call++) {
      const [tokens, targets] = [call, 100 + call].map((seed) =>
        tf.tensor2d(new RandomNumbers(seed).integers(10, 11), [2, 5], 'int32'),
      ) as [tf.Tensor2D, tf.Tensor2D];
      const outputs = (graph ?? plain)(tokens, targets);
      for (const output of outputs) results.push(Float32Array.from(await output.data()));
      tf.dispose([tokens, targets, outputs]);
    }
    graph?.dispose();
    made.dispose();
    return results;
  }

  it('gives the same losses and gradients compiled and eager, dropout included, and leaks nothing', async () => {
    const eager = await losses(false);
    const before = tf.memory().numTensors;
    const compiled = await losses(true);
    expect(tf.memory().numTensors).toBe(before);
    // The graph optimizer may reorder sums, through six layers of up to four networks.
    for (const [i, values] of eager.entries())
      await expectAllClose(compiled[i] as Float32Array, values, tolerance(20));
  });

  it('learns: the loss on one batch falls to less than half', async () => {
    const made = model();
    const [tokens, targets] = [1, 2].map((seed) =>
      tf.tensor2d(new RandomNumbers(seed).integers(10, 11), [2, 5], 'int32'),
    ) as [tf.Tensor2D, tf.Tensor2D];
    const optimizer = tf.train.rmsprop(0.01);
    const loss = () => made.loss(tokens, targets);
    const [before] = await tf.tidy(loss).data();
    for (let step = 0; step < 30; step++) optimizer.minimize(loss);
    const [after] = await tf.tidy(loss).data();
    expect(after).toBeLessThan((before as number) / 2);
    optimizer.dispose();
    made.dispose();
  });
});
