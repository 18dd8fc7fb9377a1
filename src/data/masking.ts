import type { RandomStream } from '../random/index.ts';

/** What stands in the targets where nothing is to be predicted. */
export const NOT_PREDICTED = -1;

export interface MaskingOptions {
  /** V, special tokens included. */
  readonly vocabulary: number;
  /** The number of [MASK]. */
  readonly maskToken: number;
  /** [MASK] and all others that are never predicted and never put in by chance: [CLS], [SEP], [PAD] … */
  readonly specialTokens: readonly number[];
  /** Share of the tokens, special ones apart, that are predicted. Default 0.15. */
  readonly predicted?: number;
  /** Of those, how many become [MASK]. Default 0.8. */
  readonly masked?: number;
  /** Of those, how many become a random token; the rest stays as it is. Default 0.1. */
  readonly random?: number;
}

export interface MaskedSequence {
  /** What the model sees. */
  readonly tokens: Int32Array;
  /** The token that was there, where it is predicted; elsewhere {@link NOT_PREDICTED}. */
  readonly targets: Int32Array;
}

/** Masks one sequence; draws from the stream. */
export type Masking = (sequence: ArrayLike<number>, stream: RandomStream) => MaskedSequence;

/**
 * The task of BERT (Devlin et al. 2019, section 3.1): of 15 % of the tokens 80 % become [MASK], 10 % another token of the vocabulary,
 * 10 % stay. As in the authors' code the number of predictions is exact, round(0.15·n) and at least one, so that sequences of one
 * length all weigh the same in a mean; other than there, a random token is never a special one.
 *
 * @throws RangeError for shares outside [0, 1], or a vocabulary without ordinary tokens; the masking throws one where a sequence has
 *   none
 */
export function makeMasking(options: MaskingOptions): Masking {
  const { vocabulary, maskToken, predicted = 0.15, masked = 0.8, random = 0.1 } = options;
  for (const [name, share] of Object.entries({
    predicted,
    masked,
    random,
    'masked + random': masked + random,
  }))
    if (!(share >= 0 && share <= 1)) throw new RangeError(`${name} must lie between 0 and 1, got ${share}.`);
  const special = new Set([maskToken, ...options.specialTokens]);
  const ordinary = Int32Array.from({ length: vocabulary }, (_, token) => token).filter(
    (token) => !special.has(token),
  );
  if (ordinary.length === 0) throw new RangeError(`All ${vocabulary} tokens of the vocabulary are special.`);

  return (sequence, stream) => {
    const tokens = Int32Array.from(sequence);
    const targets = new Int32Array(tokens.length).fill(NOT_PREDICTED);
    const places = [...tokens.keys()].filter((place) => !special.has(tokens[place] as number));
    if (places.length === 0)
      throw new RangeError('The sequence has special tokens only: nothing to predict.');
    const count = Math.max(1, Math.round(predicted * places.length));
    for (let chosen = 0; chosen < count; chosen++) {
      const place = draw(places, chosen, stream);
      targets[place] = tokens[place] as number;
      const chance = stream.uniform();
      if (chance < masked) tokens[place] = maskToken;
      else if (chance < masked + random) tokens[place] = ordinary[stream.integer(ordinary.length)] as number;
    }
    return { tokens, targets };
  };
}

/** Fisher and Yates: one of `places` from `at` on, each equally likely, swapped to `at` so that it is not drawn again. */
function draw(places: number[], at: number, stream: RandomStream): number {
  const other = at + stream.integer(places.length - at);
  const place = places[other] as number;
  places[other] = places[at] as number;
  places[at] = place;
  return place;
}
