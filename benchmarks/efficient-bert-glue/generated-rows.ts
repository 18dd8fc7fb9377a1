import type { GlueExample, GlueTask } from '../../src/data/glue/index.ts';
import { RandomStream } from '../../src/random/index.ts';

/** Words that stand for a class, and words that stand for none. */
const TELLING = [
  ['dull', 'tired', 'bland', 'hollow'],
  ['bright', 'moving', 'witty', 'fresh'],
  ['plain', 'usual', 'known', 'average'],
];
const FILLING = ['the', 'a', 'film', 'plot', 'with', 'and', 'of', 'scene', 'cast', 'story', 'in', 'its'];
const WORDS = 8;

/** Rows of any task that are easy to learn: one word of the first text tells the class, or whether the score is 0 or 5. */
export function generatedRows(task: GlueTask, count: number, seed: number): GlueExample[] {
  const stream = RandomStream.fromSeed(seed, `generated ${task.name}`);
  const pick = (words: readonly string[]) => words[stream.integer(words.length)] as string;
  return Array.from({ length: count }, (_, row) => {
    const classes = task.classes?.length ?? 2;
    const label = stream.integer(classes);
    const text = (telling: string) => {
      const words = Array.from({ length: WORDS }, () => pick(FILLING));
      words[stream.integer(WORDS)] = telling;
      return words.join(' ');
    };
    const telling = pick(TELLING[label] as string[]);
    return {
      line: row + 2,
      a: text(telling),
      b: task.columns.b === null ? null : text(pick(FILLING)),
      label: task.classes === null ? 5 * label : label,
    };
  });
}
