import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BERT_EXPRESSION, buildEncoder, EfficientBert } from '../../methods/efficient-bert/index.ts';
import { type EncoderModel, openModel, provideMiniLm, saveModel } from '../../src/bert/index.ts';
import type { WordPieceTokenizer } from '../../src/data/index.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { isModelFolder, PRETRAINED } from '../efficient-bert-models/model-names.ts';
import { fineTuned, type Training } from './fine-tuned.ts';
import type { TaskData } from './task-data.ts';
import { headOf, makeJudge, type TaskHead } from './task-head.ts';
import type { TeacherChoice } from './teacher-choice.ts';

export interface Teacher {
  /** The caller owns it. */
  readonly model: TaskHead;
  /** On the dev set. */
  readonly score: number;
  /** Of fine-tuning it here. */
  readonly seconds: number;
  /** With its head, as `predict` reads it. */
  readonly folder: string;
}

/** The folder of a teacher that is not drawn here, fetched where it has to be. */
export async function teacherFolderOf(teacher: string, progress: Progress): Promise<string | undefined> {
  if (teacher === PRETRAINED) {
    return provideMiniLm({ progress: { line: (text) => progress.note(text), bytes() {} } });
  }
  return isModelFolder(teacher) ? teacher : undefined;
}

/**
 * The teacher of a task: a folder that has been fine-tuned is taken as it is; a pre-trained one, and a small one that is drawn here,
 * are fine-tuned first.
 *
 * @param given its folder; undefined: it is drawn
 * @throws UserError (exit code 3) as `openModel`; Interrupted after saving
 */
export async function openTeacher(
  choice: TeacherChoice,
  given: string | undefined,
  data: TaskData,
  training: Training,
): Promise<Teacher> {
  const own = join(training.folder, 'teacher');
  const finished = join(own, 'model');
  const folder = existsSync(finished) ? finished : given;
  const streams = new RandomStreams(training.seed);
  const { model, ready } = await headedTeacher(choice, folder, data, streams);
  try {
    if (ready) {
      const judge = makeJudge(model, data.task, choice.teacherBatchSize);
      const { selection: score } = await judge.judge(data.dev);
      judge.dispose();
      return { model, score, seconds: 0, folder: folder as string };
    }
    const { teacherEpochs: epochs, teacherLearningRate: learningRate, teacherBatchSize: batchSize } = choice;
    const { score, seconds } = await fineTuned(
      model,
      data,
      { epochs, learningRate, batchSize },
      { ...training, label: `${training.label}: teacher`, folder: own, streams },
    );
    await saveModel(finished, model, data.tokenizer);
    return { model, score, seconds, folder: finished };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function headedTeacher(
  choice: TeacherChoice,
  folder: string | undefined,
  { task, tokenizer }: TaskData,
  streams: RandomStreams,
): Promise<{ readonly model: TaskHead; readonly ready: boolean }> {
  if (folder === undefined) {
    const encoder = smallTeacher(choice, tokenizer, streams);
    return { model: headOf(task, encoder, streams), ready: false };
  }
  const { model, weights } = await openModel(folder, {
    head: (encoder) => headOf(task, encoder, streams),
    build: buildEncoder,
    streams,
    fresh: ['fit', 'pooler', 'head'],
  });
  const fresh = weights.initialized.filter((name) => !name.startsWith('fit_dense'));
  return { model, ready: fresh.length === 0 };
}

/** BERT in small: gelu between two maps in each layer, a full embedding. */
function smallTeacher(
  { teacherSizes }: TeacherChoice,
  { vocabulary }: WordPieceTokenizer,
  streams: RandomStreams,
): EncoderModel {
  const { layers, width, heads, hidden, dropout } = teacherSizes;
  return new EfficientBert(
    {
      expressions: new Array<string>(layers).fill(BERT_EXPRESSION),
      width,
      heads,
      hidden,
      embeddingWidth: undefined,
      fitWidth: undefined,
      vocabulary: vocabulary.length,
      dropout,
      attentionDropout: dropout,
      initialDeviation: 1 / Math.sqrt(width), // BERT's 0.02 suits a width of 768
    },
    streams,
  );
}
