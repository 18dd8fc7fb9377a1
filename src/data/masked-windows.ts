import * as tf from '@tensorflow/tfjs';
import { RandomStream } from '../random/index.ts';
import { type Masking, makeMasking } from './masking.ts';
import { type Batch, evaluationStarts, randomStarts, type WindowShape } from './windows.ts';

/** A vocabulary of `text` tokens 0 … text − 1 and the three special ones of a masked language model. */
export interface MaskedVocabulary {
  /** V, special tokens included. */
  readonly size: number;
  /** [MASK] */
  readonly mask: number;
  /** [CLS], which begins every sequence. */
  readonly begin: number;
  /** [SEP], which ends it. */
  readonly end: number;
}

export function maskedVocabulary(text: number): MaskedVocabulary {
  return { size: text + 3, mask: text, begin: text + 1, end: text + 2 };
}

/** Tokens of a sequence that are not text: [CLS] and [SEP]. */
export const FRAME = 2;

/** Where masked windows are drawn from. */
export interface MaskedText {
  readonly split: ArrayLike<number>;
  readonly vocabulary: MaskedVocabulary;
}

/**
 * As `randomWindows`, for a masked language model: sequences [CLS] text [SEP] of T tokens in all, 15 % of the text to be predicted
 * (see `makeMasking`); the targets hold the tokens that were there, and NOT_PREDICTED elsewhere. Draws B starts, then the masks.
 * @throws RangeError if T has no room for text, or the split is too short
 */
export function randomMaskedWindows(text: MaskedText, shape: WindowShape, stream: RandomStream): Batch {
  const starts = randomStarts(text.split, textShape(shape), stream);
  return maskedAt(text, starts, shape.context, maskingOf(text), stream);
}

/**
 * As `evaluationWindows`, for a masked language model: the same sequences with the same masks at every call.
 *
 * @param limit at most so many windows, spread evenly over the split
 */
export function* maskedEvaluationWindows(
  text: MaskedText,
  shape: WindowShape,
  limit = Number.POSITIVE_INFINITY,
): Generator<Batch, void, undefined> {
  const masking = maskingOf(text);
  const stream = RandomStream.fromSeed(0, 'evaluation masks');
  for (const starts of evaluationStarts(text.split, textShape(shape), limit))
    yield maskedAt(text, starts, shape.context, masking, stream);
}

function maskingOf({ vocabulary: { size, mask, begin, end } }: MaskedText): Masking {
  return makeMasking({ vocabulary: size, maskToken: mask, specialTokens: [mask, begin, end] });
}

function textShape({ batchSize, context }: WindowShape): WindowShape {
  if (context <= FRAME) throw new RangeError(`A sequence of ${context} tokens has no room for text.`);
  return { batchSize, context: context - FRAME };
}

function maskedAt(
  { split, vocabulary: { begin, end } }: MaskedText,
  starts: readonly number[],
  context: number,
  masking: Masking,
  stream: RandomStream,
): Batch {
  const tokens = new Int32Array(starts.length * context);
  const targets = new Int32Array(starts.length * context);
  const sequence = new Int32Array(context);
  for (const [row, start] of starts.entries()) {
    sequence[0] = begin;
    for (let t = 0; t < context - FRAME; t++) sequence[t + 1] = split[start + t] as number;
    sequence[context - 1] = end;
    const masked = masking(sequence, stream);
    tokens.set(masked.tokens, row * context);
    targets.set(masked.targets, row * context);
  }
  const shape: [number, number] = [starts.length, context];
  return { tokens: tf.tensor2d(tokens, shape, 'int32'), targets: tf.tensor2d(targets, shape, 'int32') };
}
