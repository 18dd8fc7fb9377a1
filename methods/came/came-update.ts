import * as tf from '@tensorflow/tfjs';
import { type GroupScalars, type GroupSettings, release, type Slots } from '../../src/optimizers/index.ts';
import type { CameStep, cameStep, cameStepWithoutConfidence, cameVectorStep } from './came.ts';
import { type CameOptions, deviates, variableOptions } from './config.ts';
import { refineUpdate, vectorInstability } from './deviations.ts';
import { type Factorization, fromMatrices, matrixShape, toMatrices } from './factorization.ts';

/** The steps in TensorFlow.js operations, from came.ts. */
export interface CameReference {
  readonly cameStep: typeof cameStep;
  readonly cameStepWithoutConfidence: typeof cameStepWithoutConfidence;
  readonly cameVectorStep: typeof cameVectorStep;
}

/**
 * Writes one variable and its slots. `scalars` are η, 1 − ηλ and η of what has no confidence. Run it in a `tf.tidy`. At most three
 * tensors of the variable's size are alive beside variable, gradient and state (with `nonFinite: 'skip'` also one mask of a byte
 * per element).
 */
export function cameUpdate(
  variable: tf.Variable,
  slots: Slots,
  gradient: tf.Tensor,
  scalars: GroupScalars,
  options: CameOptions,
  settings: GroupSettings,
  reference: CameReference,
): void {
  const { factorization, confidence } = variableOptions(options, settings.rule);
  const finite = options.nonFinite === 'skip' ? squaresAreFinite(gradient) : undefined;
  const factored = matrixShape(factorization, variable.shape) !== undefined;
  const write: Write = (slot, value) => assign(slot, value, finite);
  const update = factored
    ? updateState(slots, gradient, factorization, options, reference, write)
    : updateVectorState(slots, gradient, options, reference, write);
  const refined = deviates(options) ? refineUpdate(own(update), gradient, options) : update;

  const confident = factored ? confidence : options.confidenceForVectors;
  const step = tf.mul(refined, scalars.at(confident ? 0 : 2)); // ηM/√S
  if (refined !== slots.m) refined.dispose();
  const decayed = settings.weightDecay === 0 ? variable : tf.mul(variable, scalars.at(1)); // W(1 − ηλ)
  const weights = release(tf.sub(decayed, step), step);
  if (decayed !== variable) decayed.dispose();
  assign(variable, weights, finite);

  /** M itself belongs to the optimizer. */
  function own(tensor: tf.Tensor): tf.Tensor {
    return tensor === slots.m ? tensor.clone() : tensor;
  }
}

type Write = (slot: tf.Variable, value: tf.Tensor) => void;

/** Writes the slots; returns M/√S, the caller's, or M itself where there is no confidence. */
function updateState(
  slots: Slots,
  gradient: tf.Tensor,
  factorization: Factorization,
  options: CameOptions,
  { cameStep, cameStepWithoutConfidence }: CameReference,
  write: Write,
): tf.Tensor {
  const { m, vr, vc, rr, rc } = slots as Record<'m' | 'vr' | 'vc', tf.Variable> & Slots;
  const momentum = toMatrices(factorization, m);
  const matrices = toMatrices(factorization, gradient);
  const moments = { momentum, rowMoment: vr, columnMoment: vc };
  const next =
    rr === undefined || rc === undefined
      ? { ...cameStepWithoutConfidence(moments, matrices, options), confident: undefined }
      : withConfidence(
          cameStep({ ...moments, rowInstability: rr, columnInstability: rc }, matrices, options),
        );
  if (momentum !== m) momentum.dispose();
  if (matrices !== gradient) matrices.dispose();
  write(m, asVariable(next.momentum));
  write(vr, next.rowMoment);
  write(vc, next.columnMoment);
  return next.confident === undefined ? m : asVariable(next.confident);

  function withConfidence({ rowInstability, columnInstability, update, ...rest }: CameStep) {
    write(rr as tf.Variable, rowInstability);
    write(rc as tf.Variable, columnInstability);
    return { ...rest, confident: update };
  }

  function asVariable(x: tf.Tensor): tf.Tensor {
    const whole = fromMatrices(factorization, x, m.shape);
    return whole === x ? x : release(whole, x);
  }
}

/** Writes the slots; returns M itself, or with `confidenceForVectors` M/√S, the caller's. */
function updateVectorState(
  slots: Slots,
  gradient: tf.Tensor,
  options: CameOptions,
  { cameVectorStep }: CameReference,
  write: Write,
): tf.Tensor {
  const { m, v, s } = slots as Record<'m' | 'v', tf.Variable> & Slots;
  const next = cameVectorStep({ momentum: m, secondMoment: v }, gradient, options);
  if (s !== undefined) {
    const change = tf.sub(next.momentum, m);
    write(s, release(vectorInstability(s, change, options), change));
  }
  write(m, next.momentum);
  write(v, next.secondMoment);
  return s === undefined ? m : tf.tidy(() => tf.div(m, tf.sqrt(s)));
}

/** Whether every gₜ∘gₜ and their sum are finite: bool []. Stays on the device. */
function squaresAreFinite(gradient: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.isFinite(tf.sum(tf.square(gradient))));
}

/** Assigns `value`, a temporary that ends here, where `finite` is true or not asked for. */
function assign(variable: tf.Variable, value: tf.Tensor, finite: tf.Tensor | undefined): void {
  const kept = finite === undefined ? value : release(tf.where(finite, value, variable), value);
  variable.assign(kept);
  kept.dispose();
}
