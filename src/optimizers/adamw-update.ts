import * as tf from '@tensorflow/tfjs';
import type { AdamWOptions, adamwDirection, adamwMoments } from './adamw.ts';
import type { GroupSettings } from './groups.ts';
import { release } from './release.ts';
import type { Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';

/** The step in TensorFlow.js operations, from adamw.ts. */
export interface AdamWReference {
  readonly adamwMoments: typeof adamwMoments;
  readonly adamwDirection: typeof adamwDirection;
}

/**
 * Writes one variable and its slots `m`, `v`. `scalars` are η/(1 − β₁ᵗ), 1 − ηλ and √(1 − β₂ᵗ). Run it in a `tf.tidy`.
 * The moments are assigned before the update is formed, so that at most three tensors of the variable's size are alive
 * beside variable, gradient and state.
 */
export function adamwUpdate(
  variable: tf.Variable,
  slots: Slots,
  gradient: tf.Tensor,
  scalars: GroupScalars,
  options: AdamWOptions,
  settings: GroupSettings,
  { adamwMoments, adamwDirection }: AdamWReference,
): void {
  const { m, v } = slots as { m: tf.Variable; v: tf.Variable };
  const moments = adamwMoments({ firstMoment: m, secondMoment: v }, gradient, options);
  m.assign(moments.firstMoment);
  v.assign(moments.secondMoment);
  tf.dispose([moments.firstMoment, moments.secondMoment]);

  const direction = adamwDirection({ firstMoment: m, secondMoment: v }, scalars.at(2), options.epsilon);
  const step = release(tf.mul(direction, scalars.at(0)), direction);
  const decayed = settings.weightDecay === 0 ? variable : tf.mul(variable, scalars.at(1)); // W(1 − ηλ)
  const weights = release(tf.sub(decayed, step), step);
  if (decayed !== variable) decayed.dispose();
  variable.assign(weights);
  weights.dispose();
}
