import type { ContestantName } from '../came-optimizer-memory/config.ts';

/**
 * Bytes of float32 that one step must move for each parameter of a tensor larger than the caches, in as few passes as the rule
 * allows: reads of gradient, weight and state, and writes of the last two. CAME 4 + 4 + 12 + 12, since each of its passes needs
 * sums over the one before; AdamW reads four arrays and writes three. Vectors of factored state do not count. Muon's matrix
 * products are not memory's: 12 for the moment and 8 for the weight.
 */
export const BYTES_PER_PARAMETER: Readonly<Record<ContestantName, number>> = {
  adamw: 28,
  lamb: 40,
  'schedule-free-adamw': 28,
  adafactor: 20,
  'adafactor-momentum': 28,
  'sm3-momentum': 20,
  came: 32,
  lion: 20,
  'adam-mini': 24,
  'muon-adamw': 20,
  'sgd-momentum': 20,
};
