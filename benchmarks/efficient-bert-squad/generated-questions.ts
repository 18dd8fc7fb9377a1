import type { SquadQuestion } from '../../src/data/squad/index.ts';
import { RandomStream } from '../../src/random/index.ts';

const ANSWERS = ['amber', 'violet', 'scarlet', 'indigo', 'olive', 'ivory'];
const FILLING = ['the', 'a', 'river', 'stone', 'with', 'and', 'of', 'house', 'bridge', 'garden', 'in', 'its'];
const WORDS = 24;
const SHARE_WITHOUT_ANSWER = 0.5;

/** Questions that are easy to learn: the answer is the one colour in the context, and where there is no colour there is none. */
export function generatedQuestions(count: number, seed: number, version: string): SquadQuestion[] {
  const stream = RandomStream.fromSeed(seed, 'generated questions');
  const pick = (words: readonly string[]) => words[stream.integer(words.length)] as string;
  return Array.from({ length: count }, (_, number) => {
    const words = Array.from({ length: WORDS }, () => pick(FILLING));
    const impossible = version !== '1.1' && stream.uniform() < SHARE_WITHOUT_ANSWER;
    const at = stream.integer(WORDS);
    if (!impossible) words[at] = pick(ANSWERS);
    const start = words.slice(0, at).join(' ').length + Number(at > 0);
    return {
      id: `generated-${seed}-${number}`,
      question: 'which colour is it ?',
      context: words.join(' '),
      answers: impossible ? [] : [{ text: words[at] as string, start }],
      impossible,
    };
  });
}
