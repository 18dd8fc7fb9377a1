import type { EncoderModel } from '../../src/bert/index.ts';
import { UserError } from '../../src/errors.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import type { Json } from '../../src/training/index.ts';
import {
  checkStudentChoice,
  type StudentChoice,
} from '../efficient-bert-distillation-training/student-choice.ts';
import { checkTaskChoice, type TaskChoice } from '../efficient-bert-distillation-training/task-choice.ts';
import { teacherFolderOf } from '../efficient-bert-distillation-training/teacher.ts';
import {
  checkTeacherChoice,
  type TeacherChoice,
} from '../efficient-bert-distillation-training/teacher-choice.ts';
import { isModelFolder, PRETRAINED } from '../efficient-bert-models/model-names.ts';
import { presets } from '../efficient-bert-search/config.ts';
import type { DistillingOptions, TaskOptions } from './distill-options.ts';

/** Of a teacher that is no folder with a head for the task yet: BERT's recipe. */
const FINE_TUNING = { teacherEpochs: 3, teacherLearningRate: 5e-5 };

/** The folder of --teacher, fetched where it has to be. */
export async function teacherFolder(teacher: string, progress: Progress): Promise<string> {
  const folder = await teacherFolderOf(asFolder(teacher), progress);
  if (folder === undefined) throw new UserError(`--teacher must be a folder, and is ${teacher}.`);
  return folder;
}

/** A word without a slash is a folder here, unless it is the model that is fetched. */
function asFolder(teacher: string): string {
  return teacher === PRETRAINED || isModelFolder(teacher) ? teacher : `./${teacher}`;
}

/** @throws UserError, with near matches, for a name that there is not */
export function studentChoiceOf(student: string): StudentChoice {
  const choice = { student, studentSizes: presets.laptop.studentSizes };
  checkStudentChoice(choice);
  return choice;
}

/** The choice with as many heads as the teacher, where the student is the small one: attention is compared head by head. */
export function withHeadsOf(choice: StudentChoice, teacher: EncoderModel): StudentChoice {
  const heads = Number(teacher.settings().num_attention_heads);
  const fitted = { ...choice, studentSizes: { ...choice.studentSizes, heads } };
  checkStudentChoice(fitted);
  return fitted;
}

/** @throws UserError for a task that there is not */
export function taskChoiceOf({ task, dataDir = '', length }: TaskOptions & DistillingOptions): TaskChoice {
  const { vocabulary, heldShare } = presets.laptop;
  const choice = { task, dataDir, rows: 0, length, vocabulary, heldShare };
  checkTaskChoice(choice);
  return choice;
}

export function teacherChoiceOf({ teacher, batchSize }: DistillingOptions): TeacherChoice {
  const { teacherSizes } = presets.laptop;
  const choice = { teacher: asFolder(teacher), teacherSizes, ...FINE_TUNING, teacherBatchSize: batchSize };
  checkTeacherChoice(choice);
  return choice;
}

/** What a run that is resumed must have again: all options but those that touch no training. */
export function identityOfOptions(options: DistillingOptions): Json {
  const { out: _, resume: __, quiet: ___, backend: ____, ...rest } = options;
  return JSON.parse(JSON.stringify(rest)) as Json;
}
