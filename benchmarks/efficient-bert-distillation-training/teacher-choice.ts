/** From which teacher. Light: no TensorFlow.js. */
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { isModelFolder, PRETRAINED } from '../efficient-bert-models/model-names.ts';

/** A BERT in small, drawn anew and trained on the task. */
export const SMALL_TEACHER = 'small';

export type TeacherSizes = {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
  readonly dropout: number;
};

export type TeacherChoice = {
  /** `small`, a pre-trained model that is fetched, or a folder in Hugging Face's layout. */
  readonly teacher: string;
  /** Of `small`. */
  readonly teacherSizes: TeacherSizes;
  /** How one is fine-tuned that has no head for the task yet. */
  readonly teacherEpochs: number;
  readonly teacherLearningRate: number;
  readonly teacherBatchSize: number;
};

export function checkTeacherChoice(choice: TeacherChoice): void {
  const { teacher, teacherSizes, teacherEpochs, teacherLearningRate } = choice;
  const names = [SMALL_TEACHER, PRETRAINED];
  demand(
    names.includes(teacher) || isModelFolder(teacher),
    'teacher',
    `${teacher}.${nearMatches(teacher, names)}`,
    `a folder, such as ./my-model, or one of ${names.join(', ')}`,
  );
  demandCounts(teacherSizes, ['layers', 'width', 'heads', 'hidden']);
  demandCounts(choice, ['teacherBatchSize']);
  const { width, heads, dropout } = teacherSizes;
  demand(width % heads === 0, 'teacherSizes.heads', heads, `a divisor of the width ${width}`);
  demand(dropout >= 0 && dropout < 1, 'teacherSizes.dropout', dropout, 'at least 0 and below 1');
  demand(teacherEpochs > 0, 'teacherEpochs', teacherEpochs, 'above 0');
  demand(teacherLearningRate > 0, 'teacherLearningRate', teacherLearningRate, 'above 0');
}
