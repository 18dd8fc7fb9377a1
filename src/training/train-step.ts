import * as tf from '@tensorflow/tfjs';
import { compile } from '../compile/index.ts';
import { UserError } from '../errors.ts';
import type { Parameter } from '../nn/index.ts';
import type { RandomStreams } from '../random/index.ts';
import { GradientAccumulator } from './accumulate.ts';
import { clipByGlobalNorm, globalNorm } from './clip.ts';
import { warmUp } from './warm-up.ts';

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
  /** Those that the model draws dropout from, so that `warmUp` can put them back; needed where there is dropout. */
  readonly streams?: RandomStreams;
  /** Micro batches into which each batch is cut, default 1. Their gradients are averaged before clipping. */
  readonly accumulation?: number;
}

/** Both scalars are the caller's. */
export interface StepResult extends tf.NamedTensorMap {
  /** Mean loss of the batch, before the update. */
  readonly loss: tf.Scalar;
  /** ‖g‖₂ over all parameters, before clipping. */
  readonly gradientNorm: tf.Scalar;
}

export interface TrainStep {
  /** Updates the model once. @param tokens @param targets int32 [B, T] */
  (tokens: tf.Tensor2D, targets: tf.Tensor2D): StepResult;
  /**
   * Has the step's graph captured for batches of this shape, and leaves everything as it was. `train` does it before its first step;
   * see warm-up.ts for why.
   */
  warmUp(tokens: tf.Tensor2D, targets: tf.Tensor2D): Promise<void>;
  /** Frees what was compiled and accumulated; model and optimizer remain. */
  dispose(): void;
}

/**
 * One training step as a function of a batch, compiled: forward, gradients of the model's parameters, clipping, update.
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
  const { step, dispose } = accumulation === 1 ? wholeStep(options) : accumulatedStep(options, accumulation);
  const { model, optimizer, streams } = options;
  const warm = (tokens: tf.Tensor2D, targets: tf.Tensor2D): Promise<void> =>
    // Tokens and targets have the same shape and range, so that changing places makes another batch of them.
    warmUp((even) => tf.dispose(even ? step(tokens, targets) : step(targets, tokens)), {
      model,
      optimizer,
      streams,
    });
  return Object.assign(step, { warmUp: warm, dispose });
}

interface RawStep {
  readonly step: (tokens: tf.Tensor2D, targets: tf.Tensor2D) => StepResult;
  readonly dispose: () => void;
}

function wholeStep({ model, optimizer, clipNorm }: TrainStepOptions): RawStep {
  const variables = model.parameters().map(({ variable }) => variable);
  const compiled = compile(
    (tokens: tf.Tensor2D, targets: tf.Tensor2D): StepResult =>
      tf.tidy(() => {
        const { value, grads } = gradientsOf(model, variables, tokens, targets);
        return { loss: value, gradientNorm: update(optimizer, grads, clipNorm) };
      }),
  );
  return { step: (tokens, targets) => compiled(tokens, targets), dispose: () => compiled.dispose() };
}

function accumulatedStep({ model, optimizer, clipNorm }: TrainStepOptions, parts: number): RawStep {
  const variables = model.parameters().map(({ variable }) => variable);
  const accumulator = new GradientAccumulator(variables);
  const microStep = compile(
    (tokens: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar =>
      tf.tidy(() => {
        const { value, grads } = gradientsOf(model, variables, tokens, targets);
        accumulator.add(grads);
        return value;
      }),
  );
  const finish = compile(
    (): tf.Scalar =>
      tf.tidy(() => {
        const gradients = accumulator.mean(parts);
        accumulator.reset();
        return update(optimizer, gradients, clipNorm);
      }),
  );
  const step = (tokens: tf.Tensor2D, targets: tf.Tensor2D): StepResult =>
    tf.tidy(() => {
      const rows = rowsPerPart(tokens, parts);
      const losses = Array.from({ length: parts }, (_, i) =>
        microStep(tf.slice(tokens, [i * rows, 0], [rows, -1]), tf.slice(targets, [i * rows, 0], [rows, -1])),
      );
      const gradientNorm = finish();
      return { loss: tf.mean(tf.stack(losses)) as tf.Scalar, gradientNorm };
    });
  const dispose = (): void => {
    microStep.dispose();
    finish.dispose();
    accumulator.dispose();
  };
  return { step, dispose };
}

function gradientsOf(
  model: TrainableModel,
  variables: tf.Variable[],
  tokens: tf.Tensor2D,
  targets: tf.Tensor2D,
): { value: tf.Scalar; grads: tf.NamedTensorMap } {
  return tf.variableGrads(() => model.loss(tokens, targets, { training: true }), variables);
}

/** Clips and applies the gradients, disposes them, and returns their norm. */
function update(
  optimizer: tf.Optimizer,
  gradients: tf.NamedTensorMap,
  clipNorm: number | undefined,
): tf.Scalar {
  if (clipNorm === undefined) {
    const norm = globalNorm(gradients);
    optimizer.applyGradients(gradients);
    tf.dispose(gradients);
    return norm;
  }
  const clipped = clipByGlobalNorm(gradients, clipNorm);
  tf.dispose(gradients); // not both copies during the update
  optimizer.applyGradients(clipped.gradients);
  tf.dispose(clipped.gradients);
  return clipped.norm;
}

function rowsPerPart(tokens: tf.Tensor2D, parts: number): number {
  const rows = tokens.shape[0] / parts;
  if (!Number.isInteger(rows)) {
    throw new UserError(`A batch of ${tokens.shape[0]} cannot be cut into ${parts} equal micro batches.`);
  }
  return rows;
}
