import * as tf from '@tensorflow/tfjs';
import { type GroupScalars, release, type Slots } from '../../src/optimizers/index.ts';
import type { cameStep, cameVectorStep } from './came.ts';
import type { CameOptions } from './config.ts';
import { fromMatrices, matrixShape, toMatrices } from './factorization.ts';

/** The steps in TensorFlow.js operations, from came.ts. */
export interface CameReference {
  readonly cameStep: typeof cameStep;
  readonly cameVectorStep: typeof cameVectorStep;
}

/**
 * Writes one variable and its slots. `scalars` are η and 1 − ηλ. Run it in a `tf.tidy`. At most three tensors of the
 * variable's size are alive beside variable, gradient and state (with `nonFinite: 'skip'` also one mask of a byte per element).
 */
export function cameUpdate(
  variable: tf.Variable,
  slots: Slots,
  gradient: tf.Tensor,
  scalars: GroupScalars,
  options: CameOptions,
  reference: CameReference,
): void {
  const finite = options.nonFinite === 'skip' ? squaresAreFinite(gradient) : undefined;
  const factored = matrixShape(options.factorization, variable.shape) !== undefined;
  const update = factored
    ? updateState(slots, gradient, options, reference, finite)
    : updateVectorState(slots, gradient, options, reference, finite);

  const step = tf.mul(update, scalars.at(0)); // ηM/√S
  if (factored) update.dispose();
  const decayed = options.weightDecay === 0 ? variable : tf.mul(variable, scalars.at(1)); // W(1 − ηλ)
  const weights = release(tf.sub(decayed, step), step);
  if (decayed !== variable) decayed.dispose();
  assign(variable, weights, finite);
}

/** Writes the slots; returns M/√S, the caller's. */
function updateState(
  slots: Slots,
  gradient: tf.Tensor,
  options: CameOptions,
  { cameStep }: CameReference,
  finite: tf.Tensor | undefined,
): tf.Tensor {
  const { factorization } = options;
  const { m, vr, vc, rr, rc } = slots as Record<'m' | 'vr' | 'vc' | 'rr' | 'rc', tf.Variable>;
  const momentum = toMatrices(factorization, m);
  const matrices = toMatrices(factorization, gradient);
  const state = { momentum, rowMoment: vr, columnMoment: vc, rowInstability: rr, columnInstability: rc };
  const next = cameStep(state, matrices, options);
  if (momentum !== m) tf.dispose([momentum, matrices]);
  assign(m, asVariable(next.momentum), finite);
  assign(vr, next.rowMoment, finite);
  assign(vc, next.columnMoment, finite);
  assign(rr, next.rowInstability, finite);
  assign(rc, next.columnInstability, finite);
  return asVariable(next.update);

  function asVariable(x: tf.Tensor): tf.Tensor {
    const whole = fromMatrices(factorization, x, m.shape);
    return whole === x ? x : release(whole, x);
  }
}

/** Writes the slots; returns M itself. */
function updateVectorState(
  slots: Slots,
  gradient: tf.Tensor,
  options: CameOptions,
  { cameVectorStep }: CameReference,
  finite: tf.Tensor | undefined,
): tf.Tensor {
  const { m, v } = slots as Record<'m' | 'v', tf.Variable>;
  const next = cameVectorStep({ momentum: m, secondMoment: v }, gradient, options);
  assign(m, next.momentum, finite);
  assign(v, next.secondMoment, finite);
  return m;
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
