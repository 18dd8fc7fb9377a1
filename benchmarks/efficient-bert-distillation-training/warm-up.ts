import { join } from 'node:path';
import type { DistilledParts } from '../../methods/efficient-bert/distillation/index.ts';
import { copyFromSupernet } from '../../methods/efficient-bert/index.ts';
import type { StoredModel } from '../../src/bert/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Trained, Training } from './fine-tuned.ts';
import { distilOnTask, distilOnTexts } from './phase.ts';
import type { TrainingLength } from './recipe.ts';
import { buildStudent, type StudentShape } from './student.ts';
import type { TaskData } from './task-data.ts';
import { headOf, type TaskHead } from './task-head.ts';

export interface WarmUp {
  readonly shape: StudentShape;
  readonly expressions: readonly string[];
  readonly teacher: TaskHead;
  /** Whose slices the student begins with; undefined: it is drawn anew. */
  readonly supernet: StoredModel | undefined;
  readonly data: TaskData;
  /** Undefined: it is not taught on texts first. */
  readonly texts: TrainingLength | undefined;
  readonly task: TrainingLength;
  /** Of the task. Default attention, hidden states and predictions. */
  readonly losses?: DistilledParts;
  readonly faithful: boolean;
  /** A student that is there already, in place of a new one; owned from here on. */
  readonly given?: TaskHead;
}

export interface TrainedStudent extends Trained {
  /** With its best weights; the caller owns it. */
  readonly model: TaskHead;
}

const EVALUATIONS = 6;

/**
 * Warm-up distillation of one student: from the supernet, on texts, on the whole task, judged by the dev set. Left out what is
 * undefined, it is task distillation alone.
 *
 * @throws Interrupted after saving
 */
export async function warmUp(given: WarmUp, training: Training): Promise<TrainedStudent> {
  const { shape, expressions, teacher, supernet, data, texts, task, losses, faithful } = given;
  const streams = new RandomStreams(training.seed);
  const model = given.given ?? headOf(data.task, buildStudent(shape, expressions, streams), streams);
  const encoder = model.base;
  try {
    if (supernet) await copyFromSupernet(supernet, encoder);
    const phase = { teacher, data, streams, faithful };
    let seconds = 0;
    if (texts) {
      const taught = await distilOnTexts(
        encoder,
        { ...phase, length: texts, folder: join(training.folder, 'texts') },
        { ...training, label: `${training.label} on texts` },
      );
      seconds += taught.seconds;
      if (taught.failure) return { model, score: 0, seconds, failure: taught.failure.what };
    }
    const { failure, best, ...rest } = await distilOnTask(
      model,
      {
        ...phase,
        length: task,
        folder: join(training.folder, 'task'),
        examples: data.train,
        judgedBy: data.dev,
        evaluations: EVALUATIONS,
        keep: 'best',
        ...(losses && { losses }),
      },
      training,
    );
    seconds += rest.seconds;
    const score = failure === undefined ? (best?.evaluation.selection ?? 0) : 0;
    return { model, score, seconds, failure: failure?.what ?? null };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
