import type * as tf from '@tensorflow/tfjs';
import type { AdamWOptions } from './adamw.ts';
import { hostMemory } from './host-memory.ts';
import type { VariableUpdate } from './optimizer.ts';
import type { StepScalars } from './step-scalars.ts';

/**
 * The step of adamw-update.ts in one plain loop for each variable, in place, on the `js` and `wasm` backends. Returns the updates
 * that are left to do: all of them on other backends.
 */
export function adamwLoopsUpdate(
  updates: readonly VariableUpdate[],
  scalars: StepScalars,
  { beta1, beta2, epsilon }: AdamWOptions,
): readonly VariableUpdate[] {
  const memory = hostMemory();
  if (memory === undefined) return updates;
  const rows = Float32Array.from(memory.values(scalars.rows)); // [groups, 3]
  const scale = memory.values(scalars.gradientScale())[0] as number;
  for (const { variable, slots, gradient, group } of updates) {
    const stepSize = rows[3 * group] as number; // η/(1 − β₁ᵗ)
    const decay = rows[3 * group + 1] as number; // 1 − ηλ
    const correction = rows[3 * group + 2] as number; // √(1 − β₂ᵗ)
    const { m: first, v: second } = slots as Record<'m' | 'v', tf.Variable>;
    for (const each of [variable, first, second]) memory.own(each);
    const W = memory.writable(variable);
    const m = memory.writable(first);
    const v = memory.writable(second);
    const g = memory.values(gradient);
    for (let i = 0; i < W.length; i++) {
      const value = scale * (g[i] as number);
      const moment = (m[i] as number) + (1 - beta1) * (value - (m[i] as number));
      const square = (v[i] as number) + (1 - beta2) * (value * value - (v[i] as number));
      m[i] = moment;
      v[i] = square;
      W[i] = decay * (W[i] as number) - (stepSize * moment) / (Math.sqrt(square) / correction + epsilon);
    }
  }
  return [];
}
