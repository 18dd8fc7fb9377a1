import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTokenizer, tokenizerFiles, WordPieceTokenizer } from '../../../src/data/word-piece/index.ts';
import { UserError } from '../../../src/errors.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'Cat'];

function folderOf(files: Readonly<Record<string, string>>): string {
  const path = folder();
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(path, name), contents);
  return path;
}

function tokenizerJson(change: (json: ReturnType<typeof whole>) => void = () => {}): string {
  const json = whole();
  change(json);
  return JSON.stringify(json);
}

function whole() {
  return {
    normalizer: {
      type: 'BertNormalizer',
      lowercase: true,
      strip_accents: null as unknown,
      handle_chinese_chars: true as unknown,
    },
    model: {
      type: 'WordPiece',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((token, i) => [token, i])) as Record<string, unknown>,
    },
  };
}

describe('readTokenizer', () => {
  it('reads back what was written', async () => {
    for (const options of [{}, { lowercase: false }, { stripAccents: false, splitIdeographs: false }]) {
      const tokenizer = new WordPieceTokenizer(VOCABULARY, options);
      const read = await readTokenizer(folderOf(tokenizerFiles(tokenizer)));
      expect(read.vocabulary).toEqual(tokenizer.vocabulary);
      expect(read.options).toEqual(tokenizer.options);
    }
  });

  it('reads a vocabulary alone, with any line ends', async () => {
    const read = await readTokenizer(folderOf({ 'vocab.txt': `${VOCABULARY.join('\r\n')}\r\n` }));
    expect(read.vocabulary).toEqual(VOCABULARY);
    expect(read.options).toEqual({ lowercase: true, stripAccents: true, splitIdeographs: true });
  });

  it('prefers tokenizer.json', async () => {
    const cased = tokenizerJson((json) => {
      json.normalizer.lowercase = false;
      json.normalizer.handle_chinese_chars = false;
    });
    const read = await readTokenizer(folderOf({ 'vocab.txt': 'nothing', 'tokenizer.json': cased }));
    expect(read.vocabulary).toEqual(VOCABULARY);
    expect(read.options).toEqual({ lowercase: false, stripAccents: false, splitIdeographs: false });
  });

  it('names a folder that is not there', async () => {
    await expect(readTokenizer('no/such/folder')).rejects.toThrow('There is no folder no/such/folder.');
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['neither tokenizer.json nor vocab.txt', {}],
    [
      'vocab.txt: The WordPiece vocabulary of 1 tokens does not have [PAD], [UNK], [CLS], [SEP], [MASK].',
      { 'vocab.txt': 'the' },
    ],
    ['tokenizer.json is not valid JSON', { 'tokenizer.json': '{"model": ' }],
    ['the whole file: not an object', { 'tokenizer.json': '[]' }],
    ['model: not an object', { 'tokenizer.json': '{}' }],
    [
      'model.type: "BPE" where only "WordPiece"',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.model.type = 'BPE';
        }),
      },
    ],
    [
      'model.continuing_subword_prefix: "@@"',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.model.continuing_subword_prefix = '@@';
        }),
      },
    ],
    [
      'normalizer.type: "NFC"',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.normalizer.type = 'NFC';
        }),
      },
    ],
    [
      'normalizer.strip_accents: 1 is neither',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.normalizer.strip_accents = 1;
        }),
      },
    ],
    [
      'model.vocab.the: "5" is no number',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.model.vocab.the = '5';
        }),
      },
    ],
    [
      'model.vocab.the: 0 is no number of its own',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.model.vocab.the = 0;
        }),
      },
    ],
    [
      'no token has number 6',
      {
        'tokenizer.json': tokenizerJson((json) => {
          json.model.vocab.Cat = 7;
        }),
      },
    ],
    [
      'do_lower_case: "yes" is neither',
      { 'vocab.txt': VOCABULARY.join('\n'), 'tokenizer_config.json': '{"do_lower_case": "yes"}' },
    ],
  ])('refuses: %s', async (message, files) => {
    const error = await readTokenizer(folderOf(files)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining(message) });
  });
});
