import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { blocksOf } from '../../src/optimizers/blocks.ts';
import { AdamMini, adamMiniDirection, adamMiniMoments, type Partition } from '../../src/optimizers/index.ts';
import { AdamMiniOracle } from '../oracle/optimizers/adam-mini.ts';
import { expectAllClose } from '../support/allclose.ts';
import { agreesWithOracle, keepsTheContract } from './contract.ts';
import { expectGoldenSteps } from './golden-steps.ts';
import { MODES, variableOf } from './stepper.ts';

it.each(MODES)('M1: the golden steps, a block for each row, %s', async (mode) => {
  const optimizer = new AdamMini({ learningRate: 1e-2, weightDecay: 0.1, partition: 'rows' });
  await expectGoldenSteps('M1', mode, optimizer, 'adammini_');
});

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
const elements = (shape: readonly number[], block: (i: number) => number) =>
  Array.from({ length: size(shape) }, (_, i) => block(i));

/** The block of each element, worked out from its position alone. */
const PARTITIONS: readonly [Partition, (shape: readonly number[]) => number[]][] = [
  ['columns', (shape) => elements(shape, (i) => (shape.length < 2 ? 0 : i % (shape.at(-1) as number)))],
  [
    'rows',
    (shape) =>
      elements(shape, (i) => (shape.length < 2 ? 0 : Math.floor(i / (size(shape) / (shape[0] as number))))),
  ],
  ['whole', (shape) => elements(shape, () => 0)],
];
for (const [partition, blockNumbers] of PARTITIONS) {
  const options = { learningRate: 1e-2, weightDecay: 0.05 };
  agreesWithOracle(
    `blocks of ${partition}`,
    'adammini_',
    () => new AdamMini({ ...options, partition }),
    (shape, weights) => {
      const oracle = new AdamMiniOracle(weights, blockNumbers(shape), options);
      return Object.assign(oracle, { slots: { m: oracle.m, v: oracle.v } });
    },
  );
}

it('the first step by hand, with a block for each head', async () => {
  // Heads of two columns: g² has means (1 + 9 + 4 + 0)/4 = 3.5 and (4 + 16 + 0 + 4)/4 = 6.
  const gradient = tf.tensor2d([1, -3, 2, 4, -2, 0, 0, 2], [2, 4]);
  const blocks = blocksOf({ heads: 2 }, [2, 4]);
  const state = { firstMoment: tf.zeros([2, 4]), secondMoment: tf.zeros([2]) };
  const moments = adamMiniMoments(state, gradient, blocks, { beta1: 0.5, beta2: 0.5 });
  const direction = adamMiniDirection(moments, blocks, Math.sqrt(0.5), 1e-8);
  await expectAllClose(moments.firstMoment, [0.5, -1.5, 1, 2, -1, 0, 0, 1], { rtol: 1e-6, atol: 0 });
  await expectAllClose(moments.secondMoment, [1.75, 3], { rtol: 1e-6, atol: 0 });
  const [a, b] = [Math.sqrt(3.5), Math.sqrt(6)];
  const expected = [0.5 / a, -1.5 / a, 1 / b, 2 / b, -1 / a, 0, 0, 1 / b];
  await expectAllClose(direction, expected, { rtol: 1e-6, atol: 0 });
  tf.dispose([gradient, state, { ...moments }, direction]);
});

it('gives every head, and every token of an embedding, a learning rate of its own', () => {
  const query = { match: /query/, partition: { heads: 3 } };
  const tokens = (optimizer: AdamMini) => {
    const variables = ['mini/query', 'mini/embeddings'].map((name) =>
      variableOf(new Float32Array(24), [4, 6], name),
    );
    const gradients = Object.fromEntries(variables.map((w) => [w.name, tf.onesLike(w)]));
    for (let t = 0; t < 2; t++) optimizer.applyGradients(gradients);
    const shapes = optimizer.stateSummary().map(({ slots }) => slots.v);
    optimizer.dispose();
    tf.dispose([variables, gradients]);
    return shapes;
  };
  expect(tokens(new AdamMini())).toEqual([[6], [4]]);
  expect(tokens(new AdamMini({ groups: [query] }))).toEqual([[3], [6]]);
  expect(tokens(new AdamMini({ groups: [query], partition: 'rows' }))).toEqual([[3], [4]]);
});

// mn and one number for each row, k + 1.
keepsTheContract('AdamMini', () => new AdamMini({ weightDecay: 0.1, partition: 'rows' }), [
  [[6, 4], 24 + 6],
  [[5, 6, 4], 120 + 5],
  [[9], 9 + 1],
  [[], 1 + 1],
]);
keepsTheContract('AdamMini by output', () => new AdamMini({ weightDecay: 0.1 }), [
  [[6, 4], 24 + 4],
  [[3, 3, 2, 4], 72 + 4],
  [[9], 9 + 1],
]);
