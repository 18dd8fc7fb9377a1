import { join } from 'node:path';
import type { Distillable } from '../../methods/efficient-bert/distillation/index.ts';
import { EfficientBert, supernetOf } from '../../methods/efficient-bert/index.ts';
import { UserError } from '../../src/errors.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Training } from './fine-tuned.ts';
import { distilOnTexts, type PhaseData } from './phase.ts';
import type { TrainingLength } from './recipe.ts';
import type { StudentShape } from './student.ts';

export interface Pretraining {
  readonly shape: StudentShape;
  readonly teacher: Distillable;
  readonly data: PhaseData;
  readonly length: TrainingLength;
  readonly faithful: boolean;
}

export interface PretrainedSupernet {
  /** The caller owns it. */
  readonly model: EfficientBert;
  readonly seconds: number;
}

/**
 * The supernet of a student's shape, taught attention and hidden states on texts.
 *
 * @throws Interrupted after saving; UserError where it diverges, since nothing can be searched then
 */
export async function pretrainSupernet(
  { shape, teacher, data, length, faithful }: Pretraining,
  training: Training,
): Promise<PretrainedSupernet> {
  const streams = new RandomStreams(training.seed);
  const architecture = supernetOf({ ...shape.shape, expressions: shape.expressions });
  const model = new EfficientBert({ ...architecture, ...shape.rest }, streams);
  try {
    const { failure, seconds } = await distilOnTexts(
      model,
      { teacher, data, length, streams, faithful, folder: join(training.folder, 'supernet') },
      { ...training, label: `${training.label}: supernet` },
    );
    if (failure) throw new UserError(`The supernet: ${failure.what}`);
    return { model, seconds };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
