import * as tf from '@tensorflow/tfjs';
import { moveTowards, release } from './release.ts';
import type { Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';

/**
 * Writes one variable, which holds y, and its slots `d` = z − y and `v`. `scalars` are c, η(1 − β₁(1 − c)), 1 − c, (1 − c)ηβ₁,
 * √(1 − β₂ᵗ) and λ. Run it in a `tf.tidy`. At most three tensors of the variable's size are alive beside variable, gradient and
 * state: y is therefore written in two steps.
 */
export function scheduleFreeUpdate(
  variable: tf.Variable,
  slots: Slots,
  gradient: tf.Tensor,
  scalars: GroupScalars,
  options: { readonly beta2: number; readonly epsilon: number; readonly weightDecay: number },
): void {
  const { d, v } = slots as { d: tf.Variable; v: tf.Variable };
  const gradientSquared = tf.square(gradient);
  const change = release(tf.sub(gradientSquared, v), gradientSquared);
  replace(v, moveTowards(v, change, options.beta2)); // vₜ

  const root = tf.sqrt(v);
  const corrected = release(tf.div(root, scalars.at(4)), root);
  const denominator = release(tf.add(corrected, options.epsilon), corrected);
  let update = release(tf.div(gradient, denominator), denominator); // Δₜ
  if (options.weightDecay !== 0) {
    const decay = tf.mul(variable, scalars.at(5)); // λyₜ₋₁
    update = release(tf.add(update, decay), update, decay);
  }

  const step = tf.mul(update, scalars.at(1));
  replace(variable, release(tf.sub(variable, step), step));
  const averaged = tf.mul(d, scalars.at(0));
  replace(variable, release(tf.add(variable, averaged), averaged)); // yₜ

  const taken = release(tf.mul(update, scalars.at(3)), update);
  const kept = tf.mul(d, scalars.at(2));
  replace(d, release(tf.sub(kept, taken), kept, taken)); // dₜ
}

/** x = y − d(1 − β₁)/β₁ of a variable that holds y. The caller owns it. */
export function scheduleFreeEvaluation(variable: tf.Variable, slots: Slots, beta1: number): tf.Tensor {
  return tf.tidy(() => tf.sub(variable, tf.mul(slots.d as tf.Variable, (1 - beta1) / beta1)));
}

/** Assigns `value` and disposes it. */
function replace(variable: tf.Variable, value: tf.Tensor): void {
  variable.assign(value);
  value.dispose();
}
