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
}

type Parts = Omit<DistillationLosses, 'total'>;

/** Losses of the batch before the update, and ‖g‖₂ before clipping; the caller owns all scalars. */
export type DistillationStepResult = Parts & {
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
  const { distillation, optimizer, clipNorm = DISTILLATION_SETTINGS.maxGradientNorm } = options;
  const variables = distillation.parameters().map(({ variable }) => variable);
  return compile(
    (inputs: tf.Tensor2D, labels: tf.Tensor2D): DistillationStepResult =>
      tf.tidy(() => {
        const lesson = distillation.teach(inputs);
        const kept: Parts[] = [];
        const { value, grads } = tf.variableGrads(() => {
          const { total, ...parts } = distillation.losses(inputs, labels, lesson, { training: true });
          for (const part of Object.values(parts)) tf.keep(part); // variableGrads disposes all but the total
          kept.push(parts);
          return total;
        }, variables);
        const parts = unkept(kept[0] as Parts);
        const { gradients, norm } = clipByGlobalNorm(grads, clipNorm);
        tf.dispose(grads);
        optimizer.applyGradients(gradients);
        tf.dispose(gradients);
        return { ...parts, loss: value, gradientNorm: norm };
      }),
    { cacheSize: 1, name: 'distillation step' },
  );
}

/** The same as tensors of the scope that calls. */
function unkept({ attention, hidden, prediction }: Parts): Parts {
  const copies = {
    attention: tf.clone(attention),
    hidden: tf.clone(hidden),
    prediction: tf.clone(prediction),
  };
  tf.dispose([attention, hidden, prediction]);
  return copies;
}
