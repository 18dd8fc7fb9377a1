/** Regular tasks on whole strings: even pairs, parity, a walk on a cycle. */
import { draw, type FormalTask } from './formal-task.ts';

const oneToken = { outputLength: () => 1, terminated: false } as const;

/** Whether the number of neighbours that differ is odd: whether the first bit differs from the last. */
export function evenPairs(bits: readonly number[]): number {
  return Number(bits[0] !== bits.at(-1));
}

export const evenPairsTask: FormalTask = {
  level: 'R',
  permutationInvariant: false,
  inputs: 2,
  classes: 2,
  ...oneToken,
  chance: 0.5,
  sample(n, stream) {
    const input = draw(n, 2, stream);
    return { input, output: [evenPairs(input)] };
  },
};

/** The number of ones, modulo 2. */
export function parity(bits: readonly number[]): number {
  return bits.reduce((sum, bit) => sum + bit, 0) % 2;
}

export const parityCheckTask: FormalTask = {
  ...evenPairsTask,
  permutationInvariant: true,
  sample(n, stream) {
    const input = draw(n, 2, stream);
    return { input, output: [parity(input)] };
  },
};

/** Where one stands on a cycle of five after steps back (0), stays (1) and steps forward (2). */
export function cyclePosition(moves: readonly number[]): number {
  const sum = moves.reduce((position, move) => position + move - 1, 0);
  return ((sum % 5) + 5) % 5;
}

export const cycleNavigationTask: FormalTask = {
  level: 'R',
  permutationInvariant: true,
  inputs: 3,
  classes: 5,
  ...oneToken,
  chance: 0.2,
  sample(n, stream) {
    const input = draw(n, 3, stream);
    return { input, output: [cyclePosition(input)] };
  },
};
