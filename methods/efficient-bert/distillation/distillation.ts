import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../../src/errors.ts';
import type { Parameter } from '../../../src/nn/index.ts';
import { unpackInputs } from '../../../src/tasks/index.ts';
import type { TrainableModel } from '../../../src/training/index.ts';
import { DISTILLATION_SETTINGS } from '../search/candidate-training.ts';
import { type Distillable, encoderOf, type ModelTrace, taskKindOf, traceModel } from './distillable.ts';
import { layerMap } from './layer-map.ts';
import { attentionLoss, hiddenLoss } from './losses.ts';
import { DISTILLATION_MODES, type DistillationManner, type DistillationMode } from './modes.ts';
import { predictionLoss } from './prediction-loss.ts';

/** Which losses: on attention scores and hidden states, on these and predictions, or on predictions alone (no part of the paper). */
export type DistilledParts = 'hidden' | 'hidden and predictions' | 'predictions';

export interface DistillationOptions {
  readonly teacher: Distillable;
  readonly student: Distillable;
  readonly losses: DistilledParts;
  /** Default `mended`. */
  readonly mode?: DistillationMode | undefined;
  /** Whether candidates of a search are trained, for which the authors have another map of layers. Default false. */
  readonly searching?: boolean | undefined;
  /** τ of the predictions. Default 1. */
  readonly temperature?: number | undefined;
  /** Of the losses on scores and hidden states. Default 1. */
  readonly hiddenRatio?: number | undefined;
  /** γ, of the loss on predictions. Default 1. */
  readonly predictionRatio?: number | undefined;
}

/** What a student is compared with; only what the losses need. Whoever asked for it owns all tensors. */
export interface Lesson {
  /** Of the embedding and of the layers that teach: N_S + 1 tensors [B, L, D]. */
  readonly hidden: readonly tf.Tensor3D[];
  /** Of the layers that teach: N_S tensors [B, h, L, L]. */
  readonly scores: readonly tf.Tensor4D[];
  readonly predictions: tf.Tensor2D | undefined;
}

/** Scalars; the caller owns them. A part that takes no part is 0. */
export type DistillationLosses = {
  /** L_attn */
  readonly attention: tf.Scalar;
  /** L_hidd */
  readonly hidden: tf.Scalar;
  /** L_pred */
  readonly prediction: tf.Scalar;
  /** L, what the student's gradients are of. */
  readonly total: tf.Scalar;
};

/**
 * A teacher, a student, and what the one learns from the other. Both remain their owners'; the teacher never changes.
 * Inputs are packed as by `packExamples`: int32 [B, 3L]; both read the same tokens.
 */
export class Distillation implements TrainableModel {
  readonly teacher: Distillable;
  readonly student: Distillable;
  readonly manner: DistillationManner;
  /** t(l) of each layer of the student, from 0. */
  readonly layers: readonly number[];
  readonly #parts: DistilledParts;
  readonly #weights: LossWeights;

  /**
   * @throws UserError for vocabularies or depths that do not fit, a student without a map to the teacher's width, or different tasks
   *   or classes where predictions are compared
   */
  constructor(options: DistillationOptions) {
    const { teacher, student, mode = 'mended', searching = false, losses } = options;
    this.teacher = teacher;
    this.student = student;
    this.manner = DISTILLATION_MODES[mode];
    this.#parts = losses;
    this.#weights = {
      temperature: options.temperature ?? DISTILLATION_SETTINGS.temperature,
      hiddenRatio: options.hiddenRatio ?? DISTILLATION_SETTINGS.hiddenRatio,
      predictionRatio: options.predictionRatio ?? DISTILLATION_SETTINGS.predictionRatio,
    };
    checkWeights(this.#weights);
    this.layers = layerMap(
      {
        teacherLayers: encoderOf(teacher).encoder.blocks.length,
        studentLayers: encoderOf(student).encoder.blocks.length,
        searching,
      },
      this.manner,
    );
    checkVocabulary(teacher, student);
    if (losses !== 'predictions') checkWidths(teacher, student);
    if (losses !== 'hidden') checkHeads(teacher, student);
  }

  /** All that is trained: the student, with its map to the teacher's width; without its head where predictions do not count. */
  parameters(): Parameter[] {
    const { student } = this;
    return (this.#parts === 'hidden' ? encoderOf(student) : student).parameters();
  }

  /** The teacher's part, without dropout. To be called outside of what is differentiated, so that nothing is kept for gradients. */
  teach(inputs: tf.Tensor2D): Lesson {
    return tf.tidy(() => {
      const trace = traceModel(this.teacher, unpackInputs(inputs));
      const compared = this.#parts !== 'predictions';
      const pick = <T>(list: readonly T[], at: readonly number[]) => at.map((index) => list[index] as T);
      return {
        hidden: compared ? pick(trace.hidden, [0, ...this.layers.map((layer) => layer + 1)]) : [],
        scores: compared ? pick(trace.scores, this.layers) : [],
        predictions: this.#parts === 'hidden' ? undefined : trace.predictions,
      };
    }) as Lesson;
  }

  /**
   * The student's losses.
   *
   * @param labels [B, k]; only read by a regression in faithful mode
   * @param training whether dropout is active
   * @throws UserError for different numbers of attention heads where scores are compared
   */
  losses(
    inputs: tf.Tensor2D,
    labels: tf.Tensor2D,
    lesson: Lesson,
    { training }: { readonly training: boolean },
  ): DistillationLosses {
    const { hiddenRatio, predictionRatio } = this.#weights;
    const { manner } = this;
    return tf.tidy(() => {
      const { padding, ...rest } = unpackInputs(inputs);
      const trace = traceModel(this.student, { padding, ...rest }, { training });
      const compared = this.#parts !== 'predictions';
      if (compared) checkScores(trace, lesson);
      const attention = compared ? attentionLoss(trace.scores, lesson.scores, padding, manner) : tf.scalar(0);
      const hidden = compared
        ? hiddenLoss(
            trace.hidden.map((state) => this.#fitted(state)),
            lesson.hidden,
            padding,
            manner,
          )
        : tf.scalar(0);
      const prediction =
        this.#parts === 'hidden' ? tf.scalar(0) : this.#prediction(trace, lesson, labels, padding);
      const total = tf.add(
        tf.mul(tf.add(attention, hidden), hiddenRatio),
        tf.mul(prediction, predictionRatio),
      ) as tf.Scalar;
      return { attention, hidden, prediction, total };
    });
  }

  /** L alone, teacher's part included: what evaluation on held-out text reads. */
  loss(inputs: tf.Tensor2D, labels: tf.Tensor2D, options: { readonly training: boolean }): tf.Scalar {
    return tf.tidy(() => this.losses(inputs, labels, this.teach(inputs), options).total);
  }

  /** [B, L, H] → [B, L, D] */
  #fitted(state: tf.Tensor3D): tf.Tensor3D {
    const { fit } = encoderOf(this.student);
    return fit === undefined ? state : (fit.apply(state) as tf.Tensor3D);
  }

  #prediction(
    trace: ModelTrace,
    { predictions }: Lesson,
    labels: tf.Tensor2D,
    padding: tf.Tensor2D,
  ): tf.Scalar {
    const kind = taskKindOf(this.student);
    if (kind === undefined || trace.predictions === undefined || predictions === undefined)
      throw new RangeError('A model without a head predicts nothing.');
    const compared = { student: trace.predictions, teacher: predictions, labels, padding };
    const { temperature } = this.#weights;
    return predictionLoss(kind, compared, { temperature, manner: this.manner });
  }
}

type LossWeights = {
  readonly temperature: number;
  readonly hiddenRatio: number;
  readonly predictionRatio: number;
};

function checkWeights(weights: LossWeights): void {
  for (const [name, value] of Object.entries(weights)) {
    const least = name === 'temperature' ? 'more than 0' : 'at least 0';
    if (Number.isFinite(value) && value >= 0 && (value > 0 || name !== 'temperature')) continue;
    throw new UserError(`The ${name} of a distillation must be ${least}, got ${value}.`);
  }
}

function checkVocabulary(teacher: Distillable, student: Distillable): void {
  const [taught, own] = [encoderOf(teacher).sizes.vocabulary, encoderOf(student).sizes.vocabulary];
  if (taught === own) return;
  throw new UserError(
    `The teacher has a vocabulary of ${taught} tokens, the student one of ${own}: both must read the same tokens.`,
  );
}

function checkWidths(teacher: Distillable, student: Distillable): void {
  const { fit, sizes } = encoderOf(student);
  const wanted = encoderOf(teacher).sizes.width;
  const fitted = fit?.weight.variable.shape[1] ?? sizes.width;
  if (fitted === wanted) return;
  throw new UserError(
    `The teacher’s hidden states are ${wanted} wide, the student’s ${fit ? `are fitted to ${fitted}` : `${fitted}, and nothing fits them`}: ` +
      `make the student with fitWidth: ${wanted}.`,
  );
}

function checkHeads(teacher: Distillable, student: Distillable): void {
  const [taught, own] = [taskKindOf(teacher), taskKindOf(student)];
  if (own === undefined || taught !== own) {
    throw new UserError(
      `Predictions cannot be compared: the teacher predicts ${taught ?? 'nothing'}, the student ${own ?? 'nothing'}.`,
    );
  }
  const labelsOf = (model: Distillable) => ('labels' in model ? model.labels : []);
  if (labelsOf(teacher).join('\n') !== labelsOf(student).join('\n')) {
    throw new UserError(
      `Teacher and student must have the same classes in the same order: ${labelsOf(teacher).join(', ')} and ${labelsOf(student).join(', ')}.`,
    );
  }
}

function checkScores(trace: ModelTrace, lesson: Lesson): void {
  const [own, taught] = [trace.scores[0]?.shape[1], lesson.scores[0]?.shape[1]];
  if (own === taught) return;
  throw new UserError(
    `The teacher’s attention has ${taught} heads, the student’s ${own}: their scores can only be compared head by head.`,
  );
}
