import * as tf from '@tensorflow/tfjs';
import type { AdamWOptions } from './adamw.ts';
import { type GpuProgram, hasGpuPrograms, LANES, runGpuProgram } from './gpu-program.ts';
import type { VariableUpdate } from './optimizer.ts';
import type { StepScalars } from './step-scalars.ts';

/** Elements of one lane; fewer, larger groups have less to start. */
const PER_LANE = 4;

/** `scalars`: three for each group of variables, then the scale of the gradient. */
const PROGRAM: GpuProgram = {
  name: 'adamw',
  reads: ['scalars', 'gradient', 'before', 'firstBefore', 'secondBefore'],
  writes: ['weights', 'firstMoment', 'secondMoment'],
  integers: ['size', 'group', 'scaleAt'],
  floats: ['oneMinusBeta1', 'oneMinusBeta2', 'epsilon'],
  code: `
fn program() {
  let stepSize = scalars[3 * uniforms.group]; // η/(1 − β₁ᵗ)
  let decay = scalars[3 * uniforms.group + 1]; // 1 − ηλ
  let correction = scalars[3 * uniforms.group + 2]; // √(1 − β₂ᵗ)
  let scale = scalars[uniforms.scaleAt];
  for (var k = 0; k < ${PER_LANE}; k++) {
    let at = (groupIndex() * ${PER_LANE} + k) * LANES + i32(localIndex);
    if (at < uniforms.size) {
      let g = scale * gradient[at];
      let m = average(firstBefore[at], g, uniforms.oneMinusBeta1);
      let v = average(secondBefore[at], g * g, uniforms.oneMinusBeta2);
      firstMoment[at] = m;
      secondMoment[at] = v;
      weights[at] = decay * before[at] - stepSize * m / (sqrt(v) / correction + uniforms.epsilon);
    }
  }
}`,
};

/**
 * The step of adamw-update.ts in one compute program for each variable on the `webgpu` backend. Returns the updates that are left to
 * do: all of them on other backends.
 */
export function adamwWebgpuUpdate(
  updates: readonly VariableUpdate[],
  stepScalars: StepScalars,
  { beta1, beta2, epsilon }: AdamWOptions,
): readonly VariableUpdate[] {
  if (updates.length === 0 || !hasGpuPrograms()) return updates;
  // One array, for a program may use eight: [3 · groups + 1]
  const { rows } = stepScalars;
  const scale = stepScalars.gradientScale();
  const scalars = tf.tidy(() => tf.concat([tf.reshape(rows, [-1]), tf.reshape(scale, [1])]));
  for (const { variable, slots, gradient, group } of updates) {
    const { m, v } = slots as Record<'m' | 'v', tf.Variable>;
    const { shape, size } = variable;
    const made = runGpuProgram(PROGRAM, {
      groups: Math.ceil(size / (PER_LANE * LANES)),
      reads: { scalars, gradient, before: variable, firstBefore: m, secondBefore: v },
      writes: { weights: shape, firstMoment: shape, secondMoment: shape },
      uniforms: {
        size,
        group,
        scaleAt: rows.size,
        // 1 − β in float64: from a float32 β it would be off by up to 1e-5.
        oneMinusBeta1: 1 - beta1,
        oneMinusBeta2: 1 - beta2,
        epsilon,
      },
    }) as Record<'weights' | 'firstMoment' | 'secondMoment', tf.Tensor>;
    variable.assign(made.weights);
    m.assign(made.firstMoment);
    v.assign(made.secondMoment);
    tf.dispose(made);
  }
  scalars.dispose();
  return [];
}
