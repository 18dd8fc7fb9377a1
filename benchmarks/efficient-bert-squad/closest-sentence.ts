import { normalizeAnswer, type SquadQuestion } from '../../src/data/squad/index.ts';

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** What needs no training: the sentence of the context that shares the most words with the question, the first of equals. */
export function closestSentence({ question, context }: SquadQuestion): string {
  const asked = new Set(wordsOf(question));
  let [best, most] = ['', -1];
  for (const { segment } of sentences.segment(context)) {
    const shared = new Set(wordsOf(segment).filter((word) => asked.has(word))).size;
    if (shared > most) [best, most] = [segment.trim(), shared];
  }
  return best;
}

function wordsOf(text: string): string[] {
  return normalizeAnswer(text).split(' ');
}
