import { describe, expect, it } from 'vitest';
import { corpusFromFile, corpusFromText, requireContext } from '../../src/data/corpus.ts';
import { byteVocabulary, characterVocabulary, vocabularyFrom } from '../../src/data/vocabulary.ts';
import { UserError } from '../../src/errors.ts';

describe('characterVocabulary', () => {
  it('numbers the distinct characters in the order of their code points', () => {
    const vocabulary = characterVocabulary('banana 𝄞é');
    expect(vocabulary.size).toBe(6);
    expect(vocabulary.description).toEqual({ kind: 'character', characters: ' abné𝄞' });
    expect([...vocabulary.encode('a𝄞b é')]).toEqual([1, 5, 2, 0, 4]);
    expect(vocabulary.decode([1, 5, 2, 0, 4])).toBe('a𝄞b é');
    expect(characterVocabulary('é𝄞 nab').description).toEqual(vocabulary.description);
  });

  it('refuses an unknown character, by name and place', () => {
    expect(() => characterVocabulary('ab').encode('abc')).toThrow(/"c" \(U\+0063\) at position 2/);
  });

  it('refuses a token out of range', () => {
    expect(() => characterVocabulary('ab').decode([0, 2])).toThrow(/Token 2 at position 1/);
    expect(() => byteVocabulary().decode([-1])).toThrow(RangeError);
  });

  it('refuses the empty text and more characters than 16 bits can number', () => {
    expect(() => characterVocabulary('')).toThrow(/not empty/);
    const many = Array.from({ length: 70_000 }, (_, i) => String.fromCodePoint(0x20000 + i)).join('');
    expect(() => characterVocabulary(many)).toThrow(/70000 distinct characters.*byte vocabulary/);
  });
});

describe('byteVocabulary', () => {
  it('is UTF-8', () => {
    const { encode, decode, size } = byteVocabulary();
    expect(size).toBe(256);
    expect([...encode('é€')]).toEqual([0xc3, 0xa9, 0xe2, 0x82, 0xac]);
    expect(decode(encode('\ufeffé€𝄞'))).toBe('\ufeffé€𝄞');
    expect(decode([0xa9, 0x61])).toBe('\ufffda');
  });
});

it('vocabularyFrom rebuilds what was described', () => {
  for (const vocabulary of [byteVocabulary(), characterVocabulary('zebra𝄞')]) {
    const rebuilt = vocabularyFrom(JSON.parse(JSON.stringify(vocabulary.description)));
    expect(rebuilt.description).toEqual(vocabulary.description);
    expect([...rebuilt.encode('bar')]).toEqual([...vocabulary.encode('bar')]);
  }
  expect(() => vocabularyFrom({ kind: 'character', characters: 'ba' })).toThrow(/distinct and sorted/);
});

describe('corpus', () => {
  it('holds out the end of the text', () => {
    const corpus = corpusFromText('letters', 'abcdefghij', { validationFraction: 0.2 });
    expect(corpus.vocabulary.decode(corpus.train)).toBe('abcdefgh');
    expect(corpus.vocabulary.decode(corpus.validation)).toBe('ij');
    expect(corpus.name).toBe('letters');
    // `printf abcdefghij | sha256sum`
    expect(corpus.sha256).toBe('72399361da6a7754fec986dca5b7cbaf1c810a28ded4abaf56b2106d06cb78b0');
  });

  it('numbers characters that only the validation split has', () => {
    const corpus = corpusFromText('t', 'aaaaaaaaaz');
    expect([...corpus.validation]).toEqual([1]);
  });

  it('takes bytes or characters of a file', () => {
    const file = { path: 'x.txt', bytes: new TextEncoder().encode('é€é€é€é€é€'), sha256: '00' };
    const bytes = corpusFromFile(file, { vocabulary: 'byte', validationFraction: 0.2 });
    expect([bytes.train.length, bytes.validation.length, bytes.vocabulary.size]).toEqual([20, 5, 256]);
    const characters = corpusFromFile(file, { vocabulary: 'character', validationFraction: 0.2 });
    expect([characters.train.length, characters.validation.length, characters.vocabulary.size]).toEqual([
      8, 2, 2,
    ]);
    expect(characters.sha256).toBe('00');
  });

  it('refuses a fraction outside (0, 1)', () => {
    for (const validationFraction of [0, 1, -0.1, Number.NaN]) {
      expect(() => corpusFromText('t', 'abc', { validationFraction })).toThrow(UserError);
    }
  });

  it('refuses a text too short for the context, with both lengths', () => {
    const corpus = corpusFromText('short.txt', 'x'.repeat(100));
    expect(() => requireContext(corpus, 9)).not.toThrow();
    expect(() => requireContext(corpus, 10)).toThrow(
      /short\.txt is too short: a context of 10 needs at least 11 tokens in each split, but there are 90 for training and 10 for validation/,
    );
  });
});
