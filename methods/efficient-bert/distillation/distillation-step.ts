import * as tf from '@tensorflow/tfjs';
import { compile } from '../../../src/compile/index.ts';
import { clipByGlobalNorm } from '../../../src/training/index.ts';
import { DISTILLATION_SETTINGS } from '../search/candidate-training.ts';
import type { Distillation, DistillationLosses } from './distillation.ts';

export interface DistillationStepOptions {
  readonly distillation: Distillation;
  /** With its schedule; see `distillationOptimizer`. */
  readonly optimizer: tf.Optimizer;
  /** Largest global norm of the gradients. Default 1. */
  readonly clipNorm?: number | undefined;
  /** How many shapes the batches have, each of which is recorded on its own. Default 1. */
  readonly batchShapes?: number | undefined;
}

/** Losses of the batch before the update, and ‖g‖₂ before clipping; the caller owns all scalars. */
export type DistillationStepResult = Omit<DistillationLosses, 'total'> & {
  /** L */
  readonly loss: tf.Scalar;
  readonly gradientNorm: tf.Scalar;
};

export interface DistillationStep {
  /** Updates the student once. @param inputs int32 [B, 3L], packed @param labels [B, k] */
  (inputs: tf.Tensor2D, labels: tf.Tensor2D): DistillationStepResult;
  /** Frees what was compiled; models and optimizer remain. */
  dispose(): void;
}

/**
 * One step of distillation, compiled as a whole: the teacher's pass without gradients, the student's with dropout, clipping,
 * update. What gets no gradient (a head where predictions do not count) is left as it is.
 */
export function makeDistillationStep(options: DistillationStepOptions): DistillationStep {
  const {
    distillation,
    optimizer,
    clipNorm = DISTILLATION_SETTINGS.maxGradientNorm,
    batchShapes = 1,
  } = options;
  const variables = distillation.parameters().map(({ variable }) => variable);
  return compile(
    (inputs: tf.Tensor2D, labels: tf.Tensor2D): DistillationStepResult =>
      tf.tidy(() => {
        const lesson = distillation.teach(inputs);
        const parts: Omit<DistillationLosses, 'total'>[] = [];
        const { value, grads } = tf.variableGrads(() => {
          const { total, ...rest } = distillation.losses(inputs, labels, lesson, { training: true });
          for (const part of Object.values(rest)) tf.keep(part); // past the tidy of variableGrads
          parts.push(rest);
          return total;
        }, variables);
        const { gradients, norm } = clipByGlobalNorm(grads, clipNorm);
        tf.dispose(grads);
        optimizer.applyGradients(gradients);
        tf.dispose(gradients);
        return { ...(parts[0] as Omit<DistillationLosses, 'total'>), loss: value, gradientNorm: norm };
      }),
    { cacheSize: batchShapes, name: 'distillation step' },
  );
}
