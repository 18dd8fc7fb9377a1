import type { RandomStream } from '../random/index.ts';

/** The alphabet of associative recall: keys are the tokens 0 … keys − 1, values those after them. */
export interface RecallAlphabet {
  readonly keys: number;
  readonly values: number;
}

export interface RecallSequence {
  /** k₁ v₁ k₂ v₂ … kₙ vₙ q, of 2n + 1 tokens: the keys all different, q one of them. */
  readonly tokens: Int32Array;
  /** The token of the value that belongs to q. */
  readonly target: number;
  /** Where the key that is q stands; its value is the next token. */
  readonly match: number;
}

/**
 * A sequence of associative recall (Ba et al. 2016, section 4.1, with tokens in place of characters): after n pairs of a key and a
 * value one of the keys comes again, and its value is to be named. Keys, values and the question are uniform.
 *
 * @throws RangeError where there are fewer than n keys
 */
export function recallSequence(
  { keys, values }: RecallAlphabet,
  pairs: number,
  stream: RandomStream,
): RecallSequence {
  if (pairs > keys) throw new RangeError(`There are ${keys} keys, too few for ${pairs} pairs.`);
  const drawn = Int32Array.from({ length: keys }, (_, key) => key);
  const tokens = new Int32Array(2 * pairs + 1);
  for (let pair = 0; pair < pairs; pair++) {
    const other = pair + stream.integer(keys - pair); // Fisher and Yates
    const key = drawn[other] as number;
    drawn[other] = drawn[pair] as number;
    tokens[2 * pair] = key;
    tokens[2 * pair + 1] = keys + stream.integer(values);
  }
  const match = 2 * stream.integer(pairs);
  tokens[2 * pairs] = tokens[match] as number;
  return { tokens, target: tokens[match + 1] as number, match };
}
