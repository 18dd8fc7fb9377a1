import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { readTextFile } from '../text-file.ts';
import { type WordPieceOptions, WordPieceTokenizer } from './word-piece-tokenizer.ts';

/**
 * The tokenizer of a Hugging Face folder: `tokenizer.json`, or `vocab.txt` with or without `tokenizer_config.json`.
 *
 * @throws UserError if there is no such folder or neither file, or one is no BERT tokenizer, naming the file and the field
 */
export async function readTokenizer(folder: string): Promise<WordPieceTokenizer> {
  const whole = join(folder, 'tokenizer.json');
  if (existsSync(whole)) return fromTokenizerJson(await readJson(whole), whole);
  const vocabulary = join(folder, 'vocab.txt');
  if (!existsSync(vocabulary)) {
    if (!existsSync(folder)) throw new UserError(`There is no folder ${folder}.`, 3);
    throw new UserError(`There is no tokenizer in ${folder}: neither tokenizer.json nor vocab.txt.`, 3);
  }
  const lines = (await readText(vocabulary)).split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  const settings = join(folder, 'tokenizer_config.json');
  const options = existsSync(settings) ? fromTokenizerConfig(await readJson(settings), settings) : {};
  return inFile(vocabulary, () => new WordPieceTokenizer(lines, options));
}

/** What `readTokenizer` and Hugging Face read again: name and contents of each file. */
export function tokenizerFiles(tokenizer: WordPieceTokenizer): Readonly<Record<string, string>> {
  const { lowercase, stripAccents, splitIdeographs } = tokenizer.options;
  const settings = {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: lowercase,
    strip_accents: stripAccents,
    tokenize_chinese_chars: splitIdeographs,
  };
  return {
    'vocab.txt': tokenizer.vocabulary.map((token) => `${token}\n`).join(''),
    'tokenizer_config.json': `${JSON.stringify(settings, null, 2)}\n`,
  };
}

function fromTokenizerConfig(json: Record<string, unknown>, where: string): WordPieceOptions {
  const lowercase = booleanOr(json.do_lower_case, true, where, 'do_lower_case');
  return {
    lowercase,
    stripAccents: booleanOr(json.strip_accents, lowercase, where, 'strip_accents'),
    splitIdeographs: booleanOr(json.tokenize_chinese_chars, true, where, 'tokenize_chinese_chars'),
  };
}

function fromTokenizerJson(json: Record<string, unknown>, where: string): WordPieceTokenizer {
  const model = record(json.model, where, 'model');
  requireValue(model.type, 'WordPiece', where, 'model.type');
  requireValue(model.continuing_subword_prefix ?? '##', '##', where, 'model.continuing_subword_prefix');
  requireValue(model.max_input_chars_per_word ?? 100, 100, where, 'model.max_input_chars_per_word');
  const normalizer = record(json.normalizer, where, 'normalizer');
  requireValue(normalizer.type, 'BertNormalizer', where, 'normalizer.type');
  const lowercase = booleanOr(normalizer.lowercase, true, where, 'normalizer.lowercase');
  const options: WordPieceOptions = {
    lowercase,
    stripAccents: booleanOr(normalizer.strip_accents, lowercase, where, 'normalizer.strip_accents'),
    splitIdeographs: booleanOr(
      normalizer.handle_chinese_chars,
      true,
      where,
      'normalizer.handle_chinese_chars',
    ),
  };
  const vocabulary: string[] = [];
  for (const [token, number] of Object.entries(record(model.vocab, where, 'model.vocab'))) {
    if (!Number.isSafeInteger(number) || (number as number) < 0 || vocabulary[number as number] !== undefined)
      throw refusal(where, `model.vocab.${token}`, `${JSON.stringify(number)} is no number of its own`);
    vocabulary[number as number] = token;
  }
  const gap = [...vocabulary.keys()].find((number) => vocabulary[number] === undefined);
  if (gap !== undefined) throw refusal(where, 'model.vocab', `no token has number ${gap}`);
  return inFile(where, () => new WordPieceTokenizer(vocabulary, options));
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is not valid JSON: ${(error as Error).message}.`, 3);
  }
  return record(value, path, 'the whole file');
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode((await readTextFile(path)).bytes);
}

function inFile<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${path}: ${error.message}`, 3);
    throw error;
  }
}

function record(value: unknown, where: string, field: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw refusal(where, field, 'not an object');
}

/** Null stands for the default, as in Hugging Face's files. */
function booleanOr(value: unknown, fallback: boolean, where: string, field: string): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'boolean') return value;
  throw refusal(where, field, `${JSON.stringify(value)} is neither true nor false`);
}

function requireValue(value: unknown, expected: unknown, where: string, field: string): void {
  if (value === expected) return;
  throw refusal(
    where,
    field,
    `${JSON.stringify(value) ?? 'missing'} where only ${JSON.stringify(expected)} is known here`,
  );
}

function refusal(where: string, field: string, problem: string): UserError {
  return new UserError(`${where} is no tokenizer of a BERT: ${field}: ${problem}.`, 3);
}
