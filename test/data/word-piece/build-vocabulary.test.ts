import { describe, expect, it } from 'vitest';
import { buildVocabulary, WordPieceTokenizer } from '../../../src/data/word-piece/index.ts';
import { UserError } from '../../../src/errors.ts';
import { RandomNumbers } from '../../support/random-numbers.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

describe('buildVocabulary', () => {
  it('by hand: joins the most frequent pair first', () => {
    // aab ×2, ab ×3: (a, ##b) 3 times, (a, ##a) and (##a, ##b) twice each. After ab: "a ##a" is first of the two equal ones,
    // then (aa, ##b) is left.
    const vocabulary = buildVocabulary(['aab aab', 'Ab ab AB'], { size: 100 });
    expect(vocabulary).toEqual([...SPECIAL, '##a', '##b', 'a', 'ab', '##ab', 'aab']);
  });

  it('stops at the size, and at pairs that are too rare', () => {
    expect(buildVocabulary(['aab aab ab ab ab'], { size: 9 })).toEqual([...SPECIAL, '##a', '##b', 'a', 'ab']);
    expect(buildVocabulary(['aab aab ab ab ab'], { size: 50, minimumCount: 3 })).toHaveLength(9);
  });

  it('joins a pair that overlaps itself from the left', () => {
    // a ##a ##a ##a ##a, then a ##aa ##aa
    expect(buildVocabulary(['aaaaa', 'aaaaa'], { size: 9 }).slice(5)).toEqual(['##a', 'a', '##aa', '##aaaa']);
  });

  it('covers its own texts without unknown words, the frequent ones by one token', () => {
    const random = new RandomNumbers(1);
    const stems = ['walk', 'talk', 'jump', 'look', 'play'];
    const endings = ['', 's', 'ed', 'ing', 'er'];
    const texts = Array.from(
      { length: 300 },
      () => stems[random.integer(5)] + (endings[random.integer(5)] as string),
    );
    const vocabulary = buildVocabulary(texts, { size: 120 });
    expect(new Set(vocabulary).size).toBe(vocabulary.length);
    const tokenizer = new WordPieceTokenizer(vocabulary);
    for (const text of texts)
      expect(tokenizer.decode(tokenizer.numbers(tokenizer.tokenize(text)))).toBe(text);
    for (const stem of stems) expect(tokenizer.tokenize(stem)).toEqual([stem]);
    expect(buildVocabulary(texts, { size: 120 })).toEqual(vocabulary);
  });

  it('agrees with a plain form that counts all pairs anew before each join', () => {
    const random = new RandomNumbers(2);
    const texts = Array.from({ length: 60 }, () =>
      Array.from({ length: 1 + random.integer(6) }, () => 'abc'[random.integer(3)]).join(''),
    );
    expect(buildVocabulary(texts, { size: 40 })).toEqual(plain(texts, 40));
  });

  it('says what does not fit', () => {
    expect(() => buildVocabulary(['abc'], { size: 7 })).toThrow(UserError);
    expect(() => buildVocabulary(['abc'], { size: 7 })).toThrow('the 5 special tokens and the 3 characters');
    expect(buildVocabulary([], { size: 7 })).toEqual(SPECIAL);
  });
});

function plain(texts: readonly string[], size: number): string[] {
  const words = texts.map((text) => Array.from(text, (c, i) => (i === 0 ? c : `##${c}`)));
  const vocabulary = new Set([...SPECIAL, ...[...new Set(words.flat())].sort()]);
  while (vocabulary.size < size) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 1; i < word.length; i++) {
        const pair = `${word[i - 1]}\u0000${word[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    const [best] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    if (best === undefined || best[1] < 2) break;
    const [left, right] = best[0].split('\u0000') as [string, string];
    const joined = left + right.slice(2);
    for (const word of words)
      for (let i = 1; i < word.length; i++)
        if (word[i - 1] === left && word[i] === right) word.splice(i - 1, 2, joined);
    vocabulary.add(joined);
  }
  return [...vocabulary];
}
