/**
 * Numbers in [−scale/2, scale/2) from a hash of index and key: every contestant, in JavaScript or Python
 * (`hashed` in torch_optimizer_step.py), makes the same ones for itself. Multiples of scale/2²⁴, exact in float32 for a scale that is a power
 * of two.
 */
export function hashedValues(count: number, key: number, scale: number): Float32Array {
  const values = new Float32Array(count);
  const salt = Math.imul(key, 0x85ebca6b);
  for (let index = 0; index < count; index++) {
    let h = Math.imul(index, 0x9e3779b1) ^ salt;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    h ^= h >>> 16;
    values[index] = ((h >>> 8) / 2 ** 24 - 0.5) * scale;
  }
  return values;
}

/** Weights and gradients of tensor `index` have keys of their own. */
export const weightKey = (index: number) => 2 * index;
export const gradientKey = (index: number) => 2 * index + 1;
