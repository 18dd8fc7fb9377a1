import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { generate, KeyValueCache, LanguageModel, type LanguageModelParts } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { randomizeParameters } from './weights.ts';

const OPTIONS = { vocabulary: 11, contextLength: 12, width: 8, layers: 2, heads: 2, hidden: 12 };
const PROMPT = [3, 1, 4];

function create(parts: LanguageModelParts = {}, options = {}): LanguageModel {
  const model = new LanguageModel({ ...OPTIONS, ...options }, new RandomStreams(1), parts);
  randomizeParameters(model, 2);
  return model;
}

const row = (values: readonly number[]) => tf.tensor2d([...values], [1, values.length], 'int32');

describe('a model with a cache', () => {
  it('has the same logits piece by piece as all at once', async () => {
    const model = create();
    const sequence = [3, 1, 4, 1, 5, 9, 2];
    const cache = new KeyValueCache({ layers: 2, capacity: 7 });
    const pieces = [[3, 1, 4], [1], [5, 9], [2]].map((piece) => model.logits(row(piece), { cache }));
    await expectAllClose(tf.concat(pieces, 1), model.logits(row(sequence)), tolerance(20)); // two blocks
    cache.dispose();
    const long = new KeyValueCache({ layers: 2, capacity: 20 });
    model.logits(row([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), { cache: long });
    expect(() => model.logits(row([1, 2, 3]), { cache: long })).toThrow(
      'a sequence of 13 tokens is longer than the 12 learned positions',
    );
    long.dispose();
    model.dispose();
  });

  it('passes to a position embedding where the tokens stand', async () => {
    const asked: [number, number][] = [];
    const positionEmbedding = (first: number, length: number) => {
      asked.push([first, length]);
      return tf.zeros([length, 8]) as tf.Tensor2D;
    };
    const model = create({ positionEmbedding }, { positions: 'none' });
    await generate(model, PROMPT, { tokens: 3 });
    expect(asked).toEqual([
      [0, 3],
      [3, 1],
      [4, 1],
    ]);
    model.dispose();
    expect(() => create({ positionEmbedding })).toThrow("needs positions: 'none'");
  });
});

describe('generate', () => {
  it('gives the same tokens with the cache as without', async () => {
    const model = create();
    for (const options of [{ temperature: 0 }, { seed: 1 }, { seed: 2, temperature: 1.5, topK: 4 }]) {
      const cached = await generate(model, PROMPT, { tokens: 9, ...options });
      expect(cached).toHaveLength(9);
      expect(cached).toEqual(await generate(model, PROMPT, { tokens: 9, cache: false, ...options }));
    }
    model.dispose();
  });

  it('draws by seed, from the k likeliest; the likeliest at temperature 0', async () => {
    const model = create();
    const draw = (options: object) => generate(model, PROMPT, { tokens: 6, temperature: 3, ...options });
    expect(await draw({ seed: 5 })).toEqual(await draw({ seed: 5 }));
    expect(await draw({ seed: 5 })).not.toEqual(await draw({ seed: 6 }));
    const greedy = await draw({ temperature: 0 });
    expect(await draw({ topK: 1, seed: 9 })).toEqual(greedy);
    let sequence = PROMPT;
    for (const token of greedy) {
      const [likeliest] = await model
        .logits(row(sequence))
        .slice([0, sequence.length - 1, 0], [1, 1, 11])
        .argMax(-1)
        .data();
      expect(token).toBe(likeliest);
      sequence = [...sequence, token];
    }
    model.dispose();
  });

  it('refuses what makes no sense, and leaves nothing behind', async () => {
    const model = create();
    const refused = async (prompt: number[], options: object, message: string) => {
      const attempt = generate(model, prompt, { tokens: 2, ...options });
      await expect(attempt).rejects.toThrow(message);
      await expect(attempt).rejects.toThrow(UserError);
    };
    await refused([], {}, 'the prompt is empty');
    await refused(PROMPT, { tokens: 0 }, 'tokens must be a positive integer, got 0');
    await refused(PROMPT, { temperature: -1 }, 'temperature must be a number from 0, got -1');
    await refused(PROMPT, { topK: 0.5 }, 'topK must be a positive integer, got 0.5');
    await refused(PROMPT, { tokens: 11 }, 'longer than the 12 learned positions');
    await expectNoLeak(() => generate(model, PROMPT, { tokens: 4 }));
    model.dispose();
  });
});
