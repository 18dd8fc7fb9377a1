import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  maskedEvaluationWindows,
  maskedVocabulary,
  randomMaskedWindows,
} from '../../src/data/masked-windows.ts';
import { makeMasking, NOT_PREDICTED } from '../../src/data/masking.ts';
import type { Batch } from '../../src/data/windows.ts';
import { RandomStream } from '../../src/random/index.ts';

beforeAll(() => tf.setBackend('cpu'));

const TEXT = 50;
const { size, mask, begin, end } = maskedVocabulary(TEXT);
const options = { vocabulary: size, maskToken: mask, specialTokens: [mask, begin, end] };

describe('makeMasking', () => {
  it('predicts round(0.15 n) tokens of each sequence, 80 % as [MASK], 10 % as another, 10 % as they are', () => {
    const masking = makeMasking(options);
    const stream = RandomStream.fromSeed(0, 'masks');
    const sequence = [begin, ...Array.from({ length: 100 }, (_, i) => i % TEXT), end];
    const runs = 400;
    const count = { mask: 0, random: 0, same: 0 };
    const places = new Array<number>(sequence.length).fill(0);
    const drawn = new Set<number>();
    for (let run = 0; run < runs; run++) {
      const { tokens, targets } = masking(sequence, stream);
      expect(targets.filter((target) => target !== NOT_PREDICTED)).toHaveLength(15);
      for (const [place, target] of targets.entries()) {
        if (target === NOT_PREDICTED) {
          expect(tokens[place]).toBe(sequence[place]);
          continue;
        }
        expect(target).toBe(sequence[place]);
        places[place] = (places[place] as number) + 1;
        const token = tokens[place] as number;
        count[token === mask ? 'mask' : token === target ? 'same' : 'random']++;
        if (token !== mask && token !== target) drawn.add(token);
      }
    }
    const all = 15 * runs;
    // Of 6,000 draws; five standard errors are 2.6 % of the masked and 1.9 % of the others. A random token is the same in 1 of 50.
    expect(Math.abs(count.mask / all - 0.8)).toBeLessThan(0.026);
    expect(Math.abs(count.random / all - 0.1 * (1 - 1 / TEXT))).toBeLessThan(0.02);
    expect(Math.abs(count.same / all - 0.1 * (1 + 1 / TEXT))).toBeLessThan(0.02);
    // Every place alike: 60 expected in each, five standard deviations are 36. Special tokens never.
    expect([places[0], places.at(-1)]).toEqual([0, 0]);
    for (const often of places.slice(1, -1)) expect(Math.abs(often - 60)).toBeLessThan(36);
    // Every ordinary token is drawn, and no special one.
    expect([...drawn].sort((a, b) => a - b)).toEqual(Array.from({ length: TEXT }, (_, token) => token));
  });

  it('never predicts, changes or draws a special token, wherever it stands', () => {
    const masking = makeMasking({ ...options, predicted: 1, masked: 0, random: 1 });
    const sequence = [3, begin, mask, 4, end, begin, 5];
    const { tokens, targets } = masking(sequence, RandomStream.fromSeed(1, 'masks'));
    expect([...targets]).toEqual([3, -1, -1, 4, -1, -1, 5]);
    for (const place of [1, 2, 4, 5]) expect(tokens[place]).toBe(sequence[place]);
    for (const place of [0, 3, 6]) expect(tokens[place]).toBeLessThan(TEXT);
  });

  it('is the same for the same seed, another for another, and leaves its argument alone', () => {
    const masking = makeMasking(options);
    const sequence = Int32Array.from({ length: 40 }, (_, i) => i);
    const of = (seed: number) => masking(sequence, RandomStream.fromSeed(seed, 'masks'));
    expect(of(2)).toEqual(of(2));
    expect(of(2)).not.toEqual(of(3));
    expect([...sequence]).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it('predicts one token at least, and refuses where there is none', () => {
    const masking = makeMasking(options);
    const stream = RandomStream.fromSeed(4, 'masks');
    expect([...masking([begin, 7, end], stream).targets]).toEqual([-1, 7, -1]);
    expect(() => masking([begin, end], stream)).toThrow('special tokens only');
    expect(() => makeMasking({ ...options, masked: 0.8, random: 0.3 })).toThrow('masked + random');
    expect(() => makeMasking({ ...options, predicted: -0.1 })).toThrow('predicted must lie between 0 and 1');
    expect(() => makeMasking({ vocabulary: 1, maskToken: 0, specialTokens: [] })).toThrow('are special');
  });
});

describe('masked windows', () => {
  const split = Uint16Array.from({ length: 60 }, (_, i) => i % TEXT);
  const text = { split, vocabulary: maskedVocabulary(TEXT) };
  const shape = { batchSize: 3, context: 12 };
  const read = async ({ tokens, targets }: Batch) => {
    const result = { tokens: await tokens.array(), targets: await targets.array() };
    tf.dispose([tokens, targets]);
    return result;
  };

  it('are [CLS] text [SEP], with what was there as the target', async () => {
    const batch = randomMaskedWindows(text, shape, RandomStream.fromSeed(0, 'data'));
    expect([batch.tokens.dtype, batch.targets.dtype, batch.tokens.shape]).toEqual([
      'int32',
      'int32',
      [3, 12],
    ]);
    const { tokens, targets } = await read(batch);
    for (const [b, row] of tokens.entries()) {
      expect([row[0], row.at(-1)]).toEqual([begin, end]);
      const whole = row.map((token, t) => (targets[b]?.[t] === -1 ? token : (targets[b]?.[t] as number)));
      const start = whole[1] as number;
      expect(whole.slice(1, -1)).toEqual(Array.from({ length: 10 }, (_, t) => (start + t) % TEXT));
      // round(0.15 · 10)
      expect(targets[b]?.filter((target) => target >= 0)).toHaveLength(2);
    }
  });

  it('continue from a saved state of the stream', async () => {
    const stream = RandomStream.fromSeed(2, 'data');
    tf.dispose(Object.values(randomMaskedWindows(text, shape, stream)));
    const continued = RandomStream.fromState(stream.state());
    expect(await read(randomMaskedWindows(text, shape, continued))).toEqual(
      await read(randomMaskedWindows(text, shape, stream)),
    );
  });

  it('for evaluation are the same at every call, without overlap', async () => {
    const all = async () => Promise.all([...maskedEvaluationWindows(text, shape)].map(read));
    const batches = await all();
    expect(batches).toEqual(await all());
    // 59 tokens that have a successor hold five windows of 10.
    expect(batches.map(({ tokens }) => tokens.length)).toEqual([3, 2]);
    expect([...maskedEvaluationWindows(text, shape, 2)].map(({ tokens }) => tokens.shape[0])).toEqual([2]);
  });

  it('refuse a context without room for text', () => {
    const stream = RandomStream.fromSeed(3, 'data');
    expect(() => randomMaskedWindows(text, { batchSize: 1, context: 2 }, stream)).toThrow('no room for text');
  });
});
