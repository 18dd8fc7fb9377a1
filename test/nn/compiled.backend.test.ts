import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { dropout, LanguageModel } from '../../src/nn/index.ts';
import { RandomStream, RandomStreams } from '../../src/random/index.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { CAPTURES } from '../support/modes.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { randomizeParameters } from './weights.ts';

const OPTIONS = { vocabulary: 11, contextLength: 6, width: 8, layers: 2, heads: 2, hidden: 12, dropout: 0.2 };
/** From the third on a graph runs. */
const CALLS = 5;

function draw(seed: number): tf.Tensor2D {
  return tf.tensor2d(new RandomNumbers(seed).integers(10, 11), [2, 5], 'int32');
}

/** The loss and all gradients of a model that trains with dropout, for each of a few batches. */
async function losses(compiled: boolean): Promise<Float32Array[]> {
  const model = new LanguageModel(OPTIONS, new RandomStreams(1));
  randomizeParameters(model, 2);
  const variables = model.parameters().map(({ variable }) => variable);
  const plain = (tokens: tf.Tensor2D, targets: tf.Tensor2D) => {
    const { value, grads } = tf.variableGrads(() => model.loss(tokens, targets, { training: true }));
    return [value, ...variables.map((variable) => grads[variable.name] as tf.Tensor)];
  };
  const graph = compiled ? compile(plain) : undefined;
  const step = graph ?? plain;
  const results: Float32Array[] = [];
  for (let call = 0; call < CALLS; call++) {
    const [tokens, targets] = [draw(call), draw(100 + call)];
    const outputs = step(tokens, targets);
    for (const output of outputs) results.push(Float32Array.from(await output.data()));
    tf.dispose([tokens, targets, outputs]);
  }
  graph?.dispose();
  model.dispose();
  return results;
}

it.skipIf(!CAPTURES)(
  'a compiled model gives the losses and gradients of the eager one, dropout included, and leaks nothing',
  async () => {
    const eager = await losses(false);
    const before = tf.memory().numTensors;
    const compiled = await losses(true);
    expect(tf.memory().numTensors).toBe(before);
    // The graph optimizer may reorder sums; gradients behind two blocks with deviation 0.4 everywhere reach some tens.
    for (const [i, values] of eager.entries())
      await expectAllClose(compiled[i] as Float32Array, values, tolerance(20));
  },
);

it('a compiled dropout draws from the stream at every call', async () => {
  const [a, b] = [RandomStream.fromSeed(1, 'dropout'), RandomStream.fromSeed(1, 'dropout')];
  const compiled = compile((x: tf.Tensor) => dropout(x, 0.5, a));
  const x = tf.ones([8, 64]);
  const masks: string[] = [];
  for (let call = 0; call < CALLS; call++) {
    const [got, expected] = [compiled(x), dropout(x, 0.5, b)];
    const mask = await got.data();
    expect(mask).toEqual(await expected.data());
    masks.push(mask.join());
    tf.dispose([got, expected]);
  }
  expect(new Set(masks).size).toBe(CALLS);
  expect(a.state()).toEqual(b.state());
  compiled.dispose();
});
