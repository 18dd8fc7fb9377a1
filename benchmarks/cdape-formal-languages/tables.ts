import { formalTask } from '../../src/data/formal-languages/index.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import type { Table } from '../../src/experiment/table.ts';
import { count } from '../came-training/tables.ts';
import { chosenEncodings, titleOf } from '../cdape-training/encodings.ts';
import { chosenTasks } from './config.ts';
import type { Entrant, Plan } from './scores.ts';

/** One row for each task, one column for each encoding. */
export function scoreTable(
  { config, seeds }: Plan,
  entrants: readonly Entrant[],
  which: 'within' | 'beyond',
): Table {
  const encodings = chosenEncodings(config.encodings);
  const longest = Math.max(...config.trainLengths);
  const tested = `${Math.min(...config.testLengths)} to ${Math.max(...config.testLengths)}`;
  const where =
    which === 'within' ? `at length ${longest}, the longest of training` : `beyond it, at ${tested}`;
  return {
    title: `Accuracy in percent ${where}; ${count(seeds.length, 'seed')}`,
    columns: [
      { title: 'task' },
      { title: 'level' },
      ...encodings.map((encoding) => ({ title: titleOf(encoding), digits: 1 })),
      { title: 'guessing', digits: 1 },
      { title: 'blind', digits: 1 },
    ],
    rows: chosenTasks(config.tasks).map((task) => {
      const { level, chance, blind, permutationInvariant } = formalTask(task);
      const own = encodings.map((encoding) => {
        const entrant = entrants.find((one) => one.task === task && one.encoding === encoding) as Entrant;
        return meanInterval(entrant[which].map((share) => 100 * share));
      });
      const name = permutationInvariant ? `${task} (any order)` : task;
      return [name, level, ...own, 100 * chance, 100 * (blind ?? chance)];
    }),
    note:
      '± is a 95 % t interval over seeds. Guessing is among the classes; blind is the best known that never reads the input, over ' +
      'lengths 41 to 500. In tasks marked so the order of the input does not matter.',
  };
}
