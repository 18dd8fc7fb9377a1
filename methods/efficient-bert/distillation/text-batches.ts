import { makeMasking, type WordPieceTokenizer } from '../../../src/data/index.ts';
import { UserError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/index.ts';
import { packExamples, ShuffledBatches, type TaskExample } from '../../../src/tasks/index.ts';
import type { BatchSource } from './batches.ts';

/** A plain text in pieces: one document for each line that is not blank. */
export interface PretrainingText {
  readonly documents: readonly Int32Array[];
  /** Tokens in all. */
  readonly size: number;
}

export interface TextBatchesOptions {
  readonly text: PretrainingText;
  readonly tokenizer: WordPieceTokenizer;
  readonly batchSize: number;
  /** L, special tokens included. */
  readonly length: number;
  readonly seed: number;
  /**
   * `running`: a piece of the text at random, cut in two at a random place, so that nothing is padding; one pass is as many pieces as
   * the text is long. `random pairs`: the authors', each document once in a pass, with another at random, both cut at random ends
   * until they fit. Default `running`.
   */
  readonly layout?: 'running' | 'random pairs' | undefined;
  /** Share of the tokens that are masked as BERT's are, for teacher and student alike. Default 0, as the authors have it. */
  readonly masked?: number | undefined;
}

/** @throws UserError (exit code 3) for a text without words */
export function pretrainingText(text: string, tokenizer: WordPieceTokenizer): PretrainingText {
  const documents = text
    .split(/\r?\n/)
    .map((line) => Int32Array.from(tokenizer.numbers(tokenizer.tokenize(line))))
    .filter(({ length }) => length > 0);
  if (documents.length === 0) throw new UserError('The text to pre-train on holds no words.', 3);
  return { documents, size: documents.reduce((sum, { length }) => sum + length, 0) };
}

/**
 * Sequences [CLS] a [SEP] b [SEP] from a plain text. What a batch holds depends on its number and the seed alone. There are no
 * labels: [B, 1] zeros.
 *
 * @throws UserError for a length without room for text
 */
export function textBatches(options: TextBatchesOptions): BatchSource {
  const { text, tokenizer, batchSize, length, seed, layout = 'running', masked = 0 } = options;
  const room = length - 3;
  if (!(room >= 2)) throw new UserError(`Sequences of ${length} tokens have no room for two texts.`);
  const { special, vocabulary } = tokenizer;
  const masking =
    masked > 0
      ? makeMasking({
          vocabulary: vocabulary.length,
          maskToken: special.mask,
          specialTokens: [special.padding, special.classification, special.separator],
          predicted: masked,
        })
      : undefined;
  const pairs = layout === 'running' ? runningPairs(text, options, room) : randomPairs(text, options, room);
  const example = ([a, b]: Pair, stream: RandomStream): TaskExample => {
    const encoded = tokenizer.combine([...a], [...b], length);
    const tokens = masking ? masking(encoded.tokens, stream).tokens : encoded.tokens;
    return { ...encoded, tokens, targets: [0] };
  };
  return {
    description: `${text.size} tokens of text`,
    size: pairs.size,
    batchSize,
    at(step) {
      const stream = RandomStream.fromSeed(seed, `text of step ${step}`);
      return packExamples(
        pairs.at(step).map((draw) => example(draw(stream), stream)),
        'int32',
      );
    },
  };
}

function joined({ documents, size }: PretrainingText): Int32Array {
  const all = new Int32Array(size);
  let at = 0;
  for (const document of documents) {
    all.set(document, at);
    at += document.length;
  }
  return all;
}

type Pair = readonly [Int32Array, Int32Array];

interface Pairs {
  /** In one pass over the text. */
  readonly size: number;
  /** Of a batch, to be drawn in this order. */
  at(step: number): ((stream: RandomStream) => Pair)[];
}

function runningPairs(
  text: PretrainingText,
  { batchSize }: Pick<TextBatchesOptions, 'batchSize'>,
  room: number,
): Pairs {
  const all = joined(text);
  const draw = (stream: RandomStream) => runningPair(all, room, stream);
  return {
    size: Math.max(1, Math.round(text.size / room)),
    at: () => new Array<typeof draw>(batchSize).fill(draw),
  };
}

function randomPairs(
  text: PretrainingText,
  { batchSize, seed }: Pick<TextBatchesOptions, 'batchSize' | 'seed'>,
  room: number,
): Pairs {
  const size = text.documents.length;
  const batches = new ShuffledBatches(size, batchSize, seed);
  return {
    size,
    at: (step) => batches.indices(step).map((first) => (stream) => randomPair(text, first, room, stream)),
  };
}

/** `room` tokens in a row, or all there are. */
function runningPair(all: Int32Array, room: number, stream: RandomStream): Pair {
  const count = Math.min(room, all.length);
  const start = stream.integer(all.length - count + 1);
  const cut = count < 2 ? count : 1 + stream.integer(count - 1);
  return [all.subarray(start, start + cut), all.subarray(start + cut, start + count)];
}

/** As cheneydon/efficient-bert@e4b3025 create_pretrain_feature.py: one token at a time off a random end of the longer one. */
function randomPair({ documents }: PretrainingText, first: number, room: number, stream: RandomStream): Pair {
  const other = documents.length === 1 ? 0 : stream.integer(documents.length - 1);
  const ends = [first, other >= first && documents.length > 1 ? other + 1 : other].map((index) => {
    const document = documents[index] as Int32Array;
    return { document, from: 0, to: document.length };
  });
  const [a, b] = ends as [(typeof ends)[0], (typeof ends)[0]];
  const lengthOf = ({ from, to }: { from: number; to: number }) => to - from;
  while (lengthOf(a) + lengthOf(b) > room) {
    const longer = lengthOf(a) > lengthOf(b) ? a : b;
    if (stream.uniform() < 0.5) longer.from++;
    else longer.to--;
  }
  return [a.document.subarray(a.from, a.to), b.document.subarray(b.from, b.to)];
}
