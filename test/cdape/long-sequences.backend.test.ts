import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { positionEncoding } from '../../methods/cdape/index.ts';
import { hasNativeScoreConvolution } from '../../methods/cdape/native-score-convolution.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { maxDifference } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

interface Sizes {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly hiddenWidth: number;
}

/** At the full size only our kernel is quick enough for a test, and small enough in memory without blocks. */
const FULL: Sizes = { width: 256, heads: 8, layers: 4, hiddenWidth: 32 };
const SMALL: Sizes = { width: 16, heads: 2, layers: 1, hiddenWidth: 4 };

function create({ width, heads, layers, hiddenWidth }: Sizes): LanguageModel {
  const streams = new RandomStreams(1);
  const encoding = positionEncoding(
    'cdape-kerple',
    { heads, width, trainingLength: 128, hiddenWidth },
    streams,
  );
  return new LanguageModel(
    { vocabulary: 64, contextLength: 128, width, layers, heads, positions: 'none' },
    streams,
    encoding,
  );
}

function tokens(length: number): tf.Tensor2D {
  return tf.tensor2d(new RandomNumbers(2).integers(length, 64), [1, length], 'int32');
}

/** Minutes in plain JavaScript, or on a software adapter. */
const TOO_SLOW = ['cpu', 'webgpu'].includes(tf.getBackend());

it.skipIf(TOO_SLOW)('1024 tokens by blocks of queries have the logits of all at once', async () => {
  const model = create(hasNativeScoreConvolution() ? FULL : SMALL);
  const x = tokens(1024);
  const whole = model.logits(x);
  expect(await maxDifference(whole, model.logits(x, { queryBlock: 128 }))).toBeLessThan(1e-5);
  const [least, most] = await Promise.all(
    [whole.min(), whole.max()].map(async (one) => (await one.data())[0]),
  );
  expect((most as number) - (least as number)).toBeGreaterThan(0.1); // they say something
  model.dispose();
});

it.skipIf(tf.getBackend() === 'webgpu')(
  'what does not fit memory is refused, with the block that does',
  () => {
    const model = create(SMALL);
    const x = tokens(40_000); // 77 GB of maps and more
    expect(() => model.logits(x)).toThrow(
      /40000 queries × 40000 keys do not fit memory.* queryBlock: \d+ would fit/,
    );
    model.dispose();
  },
);
