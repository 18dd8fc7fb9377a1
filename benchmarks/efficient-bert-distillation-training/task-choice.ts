/** On what models are distilled. Light: no TensorFlow.js. */
import { findGlueTask } from '../../src/data/glue/tasks.ts';
import { UserError } from '../../src/errors.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';

export type TaskChoice = {
  /** Of GLUE, such as sst-2. */
  readonly task: string;
  /** Holds SST-2/train.tsv and so on; empty: where `data download` puts it; `generated`: a few rows made here. */
  readonly dataDir: string;
  /** Training rows, from the front; 0: all. */
  readonly rows: number;
  /** L: longer texts are cut. */
  readonly length: number;
  /** Tokens of a vocabulary that is built, at most. */
  readonly vocabulary: number;
  /** Share of the training set, from its end, by which candidates are judged and on which they are not trained. */
  readonly heldShare: number;
};

export function checkTaskChoice(choice: TaskChoice): void {
  const { name, files } = findGlueTask(choice.task);
  if (files.train === undefined) throw new UserError(`${name} has no training set: take mnli.`);
  demandCounts(choice, ['length', 'vocabulary']);
  demand(Number.isSafeInteger(choice.rows) && choice.rows >= 0, 'rows', choice.rows, 'a whole number from 0');
  demand(choice.heldShare > 0 && choice.heldShare < 1, 'heldShare', choice.heldShare, 'above 0 and below 1');
}
