import { describe, expect, it } from 'vitest';
import { recallStatistics, shareWithinContext } from '../../src/data/recall-statistics.ts';
import { generateStories, storyCorpus } from '../../src/data/stories.ts';
import { NAMES } from '../../src/data/story-names.ts';
import { MarkovModel } from '../oracle/training/markov.ts';

const stories = generateStories({ characters: 200_000, seed: 0 });

describe('generateStories', () => {
  it('gives exactly the length asked for, in printable ASCII and line feeds', () => {
    expect(stories.text).toHaveLength(200_000);
    expect(stories.text).toMatch(/^[ -~\n]*$/);
    expect(generateStories({ characters: 1, seed: 0 }).text).toBe('O');
  });

  it('is deterministic by seed, and a longer text begins with the shorter one', () => {
    const shorter = generateStories({ characters: 5_000, seed: 0 });
    expect(shorter.text).toBe(stories.text.slice(0, 5_000));
    expect(shorter.recalls).toEqual(stories.recalls.slice(0, shorter.recalls.length));
    expect(shorter.recalls.length).toBeGreaterThan(20);
    expect(generateStories({ characters: 5_000, seed: 1 }).text).not.toBe(shorter.text);
  });

  it('keeps the text of seed 0, on which published figures rest', () => {
    expect(storyCorpus({ characters: 1_000_000, seed: 0 }).sha256).toBe(
      '5a14902303b0bab668987f7c2317c4ddaa17d97b495751added727c97f809bc6',
    );
  });

  it('marks recalls whose value was written before, that far back, and not since for that person', () => {
    for (const { offset, length, distance } of stories.recalls) {
      const value = stories.text.slice(offset, offset + length);
      expect(value).toMatch(/^[A-Za-z0-9]+$/);
      expect(stories.text.slice(offset - distance, offset - distance + length)).toBe(value);
      // One story: no blank line between.
      expect(stories.text.slice(offset - distance, offset)).not.toContain('\n\n');
    }
  });

  it('asks often, and from near and far', () => {
    const { characterShare, distance } = recallStatistics(stories);
    expect(characterShare).toBeGreaterThan(0.05);
    expect(characterShare).toBeLessThan(0.08);
    expect(distance.median).toBeGreaterThan(250);
    expect(distance.p90).toBeGreaterThan(1_000);
    // Each doubling of the context reaches a good part more.
    const shares = [32, 64, 128, 256, 512, 1024].map((context) => shareWithinContext(stories, context));
    for (const [i, share] of shares.slice(1).entries())
      expect(share - (shares[i] as number)).toBeGreaterThan(0.04);
    expect(shares[2]).toBeLessThan(0.3);
    expect(shares[5]).toBeGreaterThan(0.8);
  });

  it('is easier than noise, but a short context cannot know the facts', () => {
    const test = generateStories({ characters: 220_000, seed: 0 });
    const model = new MarkovModel(stories.text, 8);
    const from = stories.text.length;
    let sum = 0;
    for (let i = from; i < test.text.length; i++) sum += model.bits(test.text, i);
    const perCharacter = sum / (test.text.length - from);
    const asked = test.recalls.filter(({ offset }) => offset >= from);
    const perFact =
      asked.reduce((total, { offset, length }) => {
        for (let i = offset; i < offset + length; i++) total += model.bits(test.text, i);
        return total;
      }, 0) / asked.length;
    // log₂ of 62 characters is 5.95. The grammar alone, known exactly, costs about 1 bit a character.
    expect(perCharacter).toBeGreaterThan(0.8);
    expect(perCharacter).toBeLessThan(2);
    // 16 equally likely values are 4 bits, 600 names 9.2, four digits 13.3; nine kinds: (7·4 + 9.2 + 13.3) / 9 = 5.6.
    expect(perFact).toBeGreaterThan(5);
    expect(asked.length).toBeGreaterThan(100);
  });

  it('refuses a length that is no positive integer', () => {
    for (const characters of [0, -1, 1.5, Number.NaN]) {
      expect(() => generateStories({ characters, seed: 0 })).toThrow(/positive number of characters/);
    }
  });
});

it('names are distinct', () => {
  expect(new Set(NAMES).size).toBe(600);
});
