import type { GlueExample } from '../../data/glue/index.ts';
import type { WordPieceTokenizer } from '../../data/index.ts';
import type { ExampleSet } from '../examples.ts';

/**
 * Texts in pieces, each cut and padded to `length` when it is asked for. A text without a label, as in test files, has 0.
 *
 * @throws UserError if `length` leaves no room for the special tokens
 */
export function glueExamples(
  examples: readonly GlueExample[],
  tokenizer: WordPieceTokenizer,
  length: number,
): ExampleSet {
  const numbers = (text: string) => tokenizer.numbers(tokenizer.tokenize(text));
  const texts = examples.map(({ a, b, label }) => ({
    first: numbers(a),
    second: b === null ? undefined : numbers(b),
    targets: [label ?? 0],
  }));
  return {
    size: texts.length,
    at(index) {
      const { first, second, targets } = texts[index] as (typeof texts)[number];
      return { ...tokenizer.combine(first, second, length), targets };
    },
  };
}
