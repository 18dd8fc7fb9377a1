import { describe, expect, it } from 'vitest';
import { recallSequence } from '../../src/data/associative-recall.ts';
import { RandomStream } from '../../src/random/index.ts';

const alphabet = { keys: 20, values: 5 };
const drawn = (pairs: number, seed: number) =>
  recallSequence(alphabet, pairs, RandomStream.fromSeed(seed, 'recall'));

describe('a sequence of associative recall', () => {
  it('has n pairs of a key and a value, then one of the keys', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { tokens, target, match } = drawn(6, seed);
      expect(tokens).toHaveLength(13);
      const keys = [0, 2, 4, 6, 8, 10].map((at) => tokens[at] as number);
      const values = [1, 3, 5, 7, 9, 11].map((at) => tokens[at] as number);
      expect(new Set(keys).size).toBe(6);
      expect(keys.every((key) => key >= 0 && key < 20)).toBe(true);
      expect(values.every((value) => value >= 20 && value < 25)).toBe(true);
      expect(keys[match / 2]).toBe(tokens[12]);
      expect(target).toBe(values[keys.indexOf(tokens[12] as number)]);
    }
  });

  it('is the same for the same stream', () => {
    expect(drawn(6, 3)).toEqual(drawn(6, 3));
    expect(drawn(6, 3)).not.toEqual(drawn(6, 4));
  });

  it('takes every key, value and place of the question about equally often', () => {
    const [keys, values, matches] = [new Array(20).fill(0), new Array(5).fill(0), new Array(4).fill(0)];
    const stream = RandomStream.fromSeed(0, 'recall');
    const sequences = 2000;
    for (let i = 0; i < sequences; i++) {
      const { tokens, match } = recallSequence(alphabet, 4, stream);
      for (const at of [0, 2, 4, 6]) {
        keys[tokens[at] as number]++;
        values[(tokens[at + 1] as number) - 20]++;
      }
      matches[match / 2]++;
    }
    // Five standard deviations of a binomial count, of 8000 draws, and of 2000 for the place.
    const near = (counts: number[], draws: number) => {
      const share = 1 / counts.length;
      const far = 5 * Math.sqrt(draws * share * (1 - share));
      for (const count of counts) expect(Math.abs(count - draws * share)).toBeLessThan(far);
    };
    near(keys, 4 * sequences);
    near(values, 4 * sequences);
    near(matches, sequences);
  });

  it('takes all keys where there are just enough, and refuses more pairs', () => {
    const { tokens } = drawn(20, 0);
    expect(new Set(tokens.filter((_, at) => at % 2 === 0)).size).toBe(20);
    expect(() => drawn(21, 0)).toThrow(/20 keys, too few for 21 pairs/);
  });
});
