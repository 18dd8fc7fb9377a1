import * as tf from '@tensorflow/tfjs';
import { compile } from '../compile/index.ts';
import { UserError } from '../errors.ts';
import type { Parameter } from '../nn/index.ts';
import { globalNorm } from '../optimizers/index.ts';
import { GradientAccumulator } from './accumulate.ts';
import { clipByGlobalNorm } from './clip.ts';

/** What can be trained here: `LanguageModel`, for one. */
export interface TrainableModel {
  parameters(): readonly Parameter[];
  /** @param tokens @param targets int32 [B, T] @returns the mean loss, a scalar that the caller owns */
  loss(tokens: tf.Tensor2D, targets: tf.Tensor2D, options: { readonly training: boolean }): tf.Scalar;
}

export interface TrainStepOptions {
  readonly model: TrainableModel;
  readonly optimizer: tf.Optimizer;
  /** Largest global norm of the gradients; without it they are not clipped. */
  readonly clipNorm?: number;
  /** Reports the norm of the gradients although they are not clipped: one more pass over all of them. Default false. */
  readonly reportNorm?: boolean;
  /** Micro batches into which each batch is cut, default 1. Their gradients are averaged before clipping. */
  readonly accumulation?: number;
  /** How many shapes the batches have, each of which is recorded on its own. Default 8: see `cacheSize` of `compile`. */
  readonly batchShapes?: number;
}

/** The scalars are the caller's. */
export interface StepResult extends tf.NamedTensorMap {
  /** Mean loss of the batch, before the update. */
  readonly loss: tf.Scalar;
  /** ‖g‖₂ over all parameters, before clipping. Only with `clipNorm` or `reportNorm`. */
  readonly gradientNorm?: tf.Scalar;
}

export interface TrainStep {
  /** Updates the model once. @param tokens @param targets int32 [B, T] */
  (tokens: tf.Tensor2D, targets: tf.Tensor2D): StepResult;
  /** Frees what was compiled and accumulated; model and optimizer remain. */
  dispose(): void;
}

/**
 * One training step as a function of a batch, compiled: forward, gradients of the model's parameters, clipping, update. On the
 * `tensorflow` backend the first two calls are slow, for they record the graph; their results are the graph's as well, so that a run
 * continued in another process has the same bits.
 *
 * With accumulation each micro batch is one compiled call, and the update another: only one micro batch's activations are in memory at
 * a time. (Within one captured graph TensorFlow would run the micro batches side by side.)
 *
 * @throws UserError for a clip norm or an accumulation that is not positive; the step throws one if the batch cannot be cut evenly
 */
export function makeTrainStep(options: TrainStepOptions): TrainStep {
  const { accumulation = 1 } = options;
  if (!Number.isSafeInteger(accumulation) || accumulation < 1) {
    throw new UserError(`The number of micro batches must be a positive integer, got ${accumulation}.`);
  }
  return accumulation === 1 ? wholeStep(options) : accumulatedStep(options, accumulation);
}

function wholeStep(options: TrainStepOptions): TrainStep {
  const { model, batchShapes = 8 } = options;
  const variables = model.parameters().map(({ variable }) => variable);
  return compile(
    (tokens: tf.Tensor2D, targets: tf.Tensor2D): StepResult =>
      tf.tidy(() => {
        const { value, grads } = gradientsOf(model, variables, tokens, targets);
        return { loss: value, ...update(options, grads) };
      }),
    { cacheSize: batchShapes, name: 'training step' },
  );
}

function accumulatedStep(options: TrainStepOptions, parts: number): TrainStep {
  const { model, batchShapes = 8 } = options;
  const variables = model.parameters().map(({ variable }) => variable);
  const accumulator = new GradientAccumulator(variables);
  const microStep = compile(
    (tokens: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar =>
      tf.tidy(() => {
        const { value, grads } = gradientsOf(model, variables, tokens, targets);
        accumulator.add(grads);
        return value;
      }),
    { cacheSize: batchShapes, name: 'micro step' },
  );
  const finish = compile(
    (): Norm =>
      tf.tidy(() => {
        const gradients = accumulator.mean(parts);
        accumulator.reset();
        return update(options, gradients);
      }),
  );
  const step = (tokens: tf.Tensor2D, targets: tf.Tensor2D): StepResult =>
    tf.tidy(() => {
      const rows = rowsPerPart(tokens, parts);
      const losses = Array.from({ length: parts }, (_, i) =>
        microStep(tf.slice(tokens, [i * rows, 0], [rows, -1]), tf.slice(targets, [i * rows, 0], [rows, -1])),
      );
      return { loss: tf.mean(tf.stack(losses)) as tf.Scalar, ...finish() };
    });
  const dispose = (): void => {
    microStep.dispose();
    finish.dispose();
    accumulator.dispose();
  };
  return Object.assign(step, { dispose });
}

function gradientsOf(
  model: TrainableModel,
  variables: tf.Variable[],
  tokens: tf.Tensor2D,
  targets: tf.Tensor2D,
): { value: tf.Scalar; grads: tf.NamedTensorMap } {
  return tf.variableGrads(() => model.loss(tokens, targets, { training: true }), variables);
}

type Norm = Pick<StepResult, 'gradientNorm'>;

/** Clips and applies the gradients, disposes them, and returns their norm where it is wanted. */
function update(
  { optimizer, clipNorm, reportNorm = false }: TrainStepOptions,
  gradients: tf.NamedTensorMap,
): Norm {
  if (clipNorm === undefined) {
    const norm: Norm = reportNorm ? { gradientNorm: globalNorm(gradients) } : {};
    optimizer.applyGradients(gradients);
    tf.dispose(gradients);
    return norm;
  }
  const clipped = clipByGlobalNorm(gradients, clipNorm);
  tf.dispose(gradients); // not both copies during the update
  optimizer.applyGradients(clipped.gradients);
  tf.dispose(clipped.gradients);
  return { gradientNorm: clipped.norm };
}

function rowsPerPart(tokens: tf.Tensor2D, parts: number): number {
  const rows = tokens.shape[0] / parts;
  if (!Number.isInteger(rows)) {
    throw new UserError(`A batch of ${tokens.shape[0]} cannot be cut into ${parts} equal micro batches.`);
  }
  return rows;
}
