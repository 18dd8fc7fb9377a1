import type { WordPieceTokenizer } from '../../data/index.ts';
import {
  encodeWindow,
  makeContextSplitter,
  type PlacedQuestion,
  placeWindows,
  type SquadQuestion,
  type SquadWindowOptions,
  type WindowPlace,
} from '../../data/squad/index.ts';
import type { ExampleSet } from '../examples.ts';

export interface SquadTrainingSet extends ExampleSet {
  /** Questions whose answer is not in the words of their context: nothing is learnt from them. */
  readonly leftOut: number;
}

/** The windows of questions, one question's after the other's. */
export interface SquadDevSet extends ExampleSet {
  readonly tokenizer: WordPieceTokenizer;
  readonly length: number;
  readonly questions: readonly { readonly question: SquadQuestion; readonly placed: PlacedQuestion }[];
}

/** What a window is put together from when it is asked for: they overlap, and all at once would fill the memory. */
interface Window {
  readonly placed: Pick<PlacedQuestion, 'query' | 'context'>;
  readonly place: Pick<WindowPlace, 'begin' | 'count' | 'start' | 'end'>;
}

/**
 * All windows of all questions, to train on.
 *
 * @throws RangeError if `length` leaves no room behind a question
 */
export function squadTrainingSet(
  questions: readonly SquadQuestion[],
  tokenizer: WordPieceTokenizer,
  options: SquadWindowOptions,
): SquadTrainingSet {
  const split = makeContextSplitter(tokenizer);
  let leftOut = 0;
  const windows = questions.flatMap((question): Window[] => {
    const placed = placeWindows(question, tokenizer, options, split(question.context));
    if (!placed.answerFound) leftOut++;
    const { query, context } = placed;
    return placed.answerFound
      ? placed.windows.map(({ begin, count, start, end }) => ({
          placed: { query, context },
          place: { begin, count, start, end },
        }))
      : [];
  });
  return { ...windowSet(windows, tokenizer, options.length), leftOut };
}

/** All windows of all questions, to judge by. */
export function squadDevSet(
  questions: readonly SquadQuestion[],
  tokenizer: WordPieceTokenizer,
  options: SquadWindowOptions,
): SquadDevSet {
  const { length } = options;
  const split = makeContextSplitter(tokenizer);
  const all = questions.map((question) => ({
    question,
    placed: placeWindows(question, tokenizer, options, split(question.context)),
  }));
  const windows = all.flatMap(({ placed }) => placed.windows.map((place) => ({ placed, place })));
  return { ...windowSet(windows, tokenizer, length), tokenizer, length, questions: all };
}

function windowSet(windows: readonly Window[], tokenizer: WordPieceTokenizer, length: number): ExampleSet {
  return {
    size: windows.length,
    at(index) {
      const { placed, place } = windows[index] as Window;
      return { ...encodeWindow(placed, place, tokenizer, length), targets: [place.start, place.end] };
    },
  };
}
