import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { positionEncoding, scoreMaps } from '../../methods/cdape/index.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { kerple } from '../oracle/cdape/cdape.ts';
import { expectAllClose, maxDifference, tolerance } from '../support/allclose.ts';
import { expectNoLeak } from '../support/tensors.ts';

const T = 5;
const TOKENS = [3, 1, 4, 1, 5];

function create(name: string): LanguageModel {
  const streams = new RandomStreams(1);
  const sizes = { heads: 2, width: 8, trainingLength: 4, hiddenWidth: 4 };
  return new LanguageModel(
    { vocabulary: 11, contextLength: 8, width: 8, layers: 2, heads: 2, positions: 'none' },
    streams,
    positionEncoding(name, sizes, streams),
  );
}

const tokens = () => tf.tensor2d(TOKENS, [1, T], 'int32');
const flat = (map: tf.Tensor) => map.reshape([-1]);

it('are S, S + P, A and the weights of the layer and head asked for', async () => {
  const model = create('cdape-kerple');
  const set = (name: string, values: number[]) => {
    const parameter = model
      .parameters()
      .find((each) => each.name === `blocks.1.attention.scores.bias.${name}`);
    tf.tidy(() => parameter?.variable.assign(tf.tensor(values, [2, 1, 1])));
  };
  set('p', [0.5, 1.5]);
  set('a', [0.2, 0.7]);
  const maps = scoreMaps(model, tokens(), { layer: 1, head: 1 });
  const bias = kerple([0.5, 1.5], [0.2, 0.7], T).slice(T * T);
  await expectAllClose(flat(tf.sub(maps.before, maps.scores)), bias, tolerance(5));
  await expectAllClose(maps.weights.sum(-1), new Array(T).fill(1));
  const rows = maps.after.slice([4, 0], [1, T]); // the last query sees every key
  await expectAllClose(tf.softmax(rows), maps.weights.slice([4, 0], [1, T]), tolerance(5));
  const other = scoreMaps(model, tokens(), { layer: 0, head: 1 });
  expect(await maxDifference(other.scores, maps.scores)).toBeGreaterThan(1e-4);
  const x = tokens();
  await expectNoLeak(() => tf.dispose({ ...scoreMaps(model, x, { layer: 0, head: 0 }) }));
  model.dispose();
});

it('without a bias before is S, and without an encoding after too', async () => {
  for (const [name, changed] of [
    ['cdape-none', true],
    ['rope', false],
  ] as const) {
    const model = create(name);
    const { scores, before, after } = scoreMaps(model, tokens(), { layer: 0, head: 0 });
    expect(await maxDifference(before, scores)).toBe(0);
    const lastRow = (map: tf.Tensor2D) => map.slice([4, 0], [1, T]);
    expect((await maxDifference(lastRow(after), lastRow(scores))) > 1e-3).toBe(changed);
    model.dispose();
  }
});

it('refuses what the model has not', () => {
  const model = create('alibi');
  expect(() => scoreMaps(model, tokens(), { layer: 2, head: 0 })).toThrow(
    'the model has layers 0 to 1, not 2',
  );
  expect(() => scoreMaps(model, tokens(), { layer: 0, head: -1 })).toThrow(
    'the model has heads 0 to 1, not -1',
  );
  const two = tf.zeros([2, T], 'int32') as tf.Tensor2D;
  expect(() => scoreMaps(model, two, { layer: 0, head: 0 })).toThrow('give it one sequence, got 2');
  model.dispose();
});
