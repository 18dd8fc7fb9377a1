import { describe, expect, it } from 'vitest';
import { WordPieceTokenizer } from '../../../src/data/word-piece/index.ts';
import { UserError } from '../../../src/errors.ts';

/** The vocabulary of the golden check, in its order. */
const GOLDEN =
  "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on mat ##s un ##aff ##able , . ' s steve smith runn ##ing cafe ? who".split(
    ' ',
  );
const golden = new WordPieceTokenizer(GOLDEN, { splitIdeographs: false });

describe('golden check 25 of EfficientBERT, from the authors’ tokenizer', () => {
  it('cuts words, keeps special tokens, and lowercases and strips the rest', () => {
    expect(golden.tokenize("The Cats, UNAFFABLE running Café? zz [SEP] mat's")).toEqual(
      "the cat ##s , un ##aff ##able runn ##ing cafe ? [UNK] [SEP] mat ' s".split(' '),
    );
  });

  it('encodes a pair that has to be cut', () => {
    const pair = 'unaffable running cats, cats.';
    const { tokens, segments, padding } = golden.encode('The cat sat on the mat', { pair, length: 12 });
    expect([...tokens]).toEqual([2, 5, 6, 7, 8, 5, 3, 11, 12, 13, 20, 3]);
    expect([...segments]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect([...padding]).toEqual(new Array(12).fill(0));
  });

  it('pads a text that is short', () => {
    const { tokens, segments, padding } = golden.encode('The cat', { length: 12 });
    expect([...tokens]).toEqual([2, 5, 6, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...segments]).toEqual(new Array(12).fill(0));
    expect([...padding]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('WordPieceTokenizer', () => {
  const words = (text: string, options = {}) =>
    new WordPieceTokenizer(
      [...GOLDEN, ...'abcdefghijklmnopqrstuvwxyz', '東', '京', 'ß', 'σ', '##σ'],
      options,
    ).tokenize(text);

  it.each([
    ['a\tb\nc\rd\u00a0e\u2003f\u2028g', 'a b c d e f g'],
    ['a\u0000\u0007\u00ad\u200b\ufffd\ufeff\ue000b', '[UNK]'], // one word "ab"
    ['a$b^c`d~e+f', 'a [UNK] b [UNK] c [UNK] d [UNK] e [UNK] f'],
    ['a—b“c”d…e', 'a [UNK] b [UNK] c [UNK] d [UNK] e'],
    ['a[SEP]b [cls][CLS]', 'a [SEP] b [UNK] [UNK] [UNK] [CLS]'],
    ['[MASK][MASK]', '[MASK] [MASK]'],
    ['É Ä Ǟ', 'e a a'],
    ['ΣΣ Σ ẞ', 'σ ##σ σ ß'], // never the final sigma
    ['東京', '東 京'],
    ['', ''],
    [' \n ', ''],
    ['\ud800', ''],
  ])('makes of %j the tokens %j', (text, expected) => {
    expect(words(text).join(' ')).toBe(expected);
  });

  it('leaves case, accents and ideographs alone where told so', () => {
    expect(words('a A', { lowercase: false })).toEqual(['a', '[UNK]']);
    expect(words('á', { lowercase: false })).toEqual(['[UNK]']);
    expect(words('Á', { lowercase: false, stripAccents: true })).toEqual(['[UNK]']);
    expect(words('á', { lowercase: false, stripAccents: true })).toEqual(['a']);
    expect(words('Á', { stripAccents: false })).toEqual(['[UNK]']);
    expect(words('東京', { splitIdeographs: false })).toEqual(['[UNK]']);
  });

  it('takes the longest piece from the left, and gives a word up as a whole', () => {
    const tokenizer = new WordPieceTokenizer([...GOLDEN, 'unaff', '##ab', '##a', '##😀']);
    expect(tokenizer.tokenize('unaffable')).toEqual(['unaff', '##able']);
    expect(tokenizer.tokenize('unaffabl')).toEqual(['[UNK]']);
    expect(tokenizer.tokenize('unaff😀a')).toEqual(['unaff', '##😀', '##a']);
  });

  it('does not know words of more than 100 characters, which are code points', () => {
    const tokenizer = new WordPieceTokenizer([...GOLDEN, '😀', '##😀']);
    expect(tokenizer.tokenize('😀'.repeat(100))).toHaveLength(100);
    expect(tokenizer.tokenize('😀'.repeat(101))).toEqual(['[UNK]']);
  });

  it('cuts the strictly longer text first, and the second of two that are equal', () => {
    const [cat, mat] = [6, 9];
    const cut = (a: number, b: number, length: number) =>
      [...golden.combine(new Array(a).fill(cat), new Array(b).fill(mat), length).tokens].join(' ');
    expect(cut(4, 2, 7)).toBe('2 6 6 3 9 9 3');
    expect(cut(2, 4, 7)).toBe('2 6 6 3 9 9 3');
    expect(cut(2, 2, 6)).toBe('2 6 6 3 9 3');
    expect(cut(0, 2, 4)).toBe('2 3 9 3');
    expect(cut(2, 2, 3)).toBe('2 3 3');
    expect(() => cut(2, 2, 2)).toThrow('A length of 2 leaves no room for 3 special tokens');
    expect(() => golden.encode('the', { length: 1.5 })).toThrow(UserError);
  });

  it('puts the pieces together again', () => {
    expect(golden.decode([2, 5, 6, 10, 14, 11, 12, 13, 3])).toBe('[CLS] the cats , unaffable [SEP]');
    expect(() => golden.decode([5, 99])).toThrow('Token 99 at position 1');
  });

  it('names the special tokens that a vocabulary lacks', () => {
    expect(() => new WordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', 'the'])).toThrow(
      'The WordPiece vocabulary of 4 tokens does not have [SEP], [MASK].',
    );
  });
});
