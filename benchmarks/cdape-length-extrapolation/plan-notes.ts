import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { describeSchedule } from '../cdape-training/schedule.ts';
import { type LanguageTask, longestOf } from './config.ts';
import { encodingParameters, modelParameters } from './parameters.ts';

/** The training, and how many parameters the model has with each of the encodings. */
export function planNotes(task: LanguageTask, encodings: readonly PositionEncodingName[]): string[] {
  return [describeSchedule(task), describeParameters(task, encodings)];
}

function describeParameters(task: LanguageTask, encodings: readonly PositionEncodingName[]): string {
  const { vocabularyRows } = task;
  const model = modelParameters(task, vocabularyRows);
  const more = encodings.map((name) => {
    const own = encodingParameters(name, task, longestOf(task));
    return `${titleOf(name)} +${own.toLocaleString('en-US')}`;
  });
  const tokens = vocabularyRows === 0 ? ', and two tables of the tokens of the text' : '';
  return `Parameters: ${model.toLocaleString('en-US')}${tokens}; ${more.join(', ')}`;
}
