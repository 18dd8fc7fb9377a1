/** Tasks that put a string in another order, or remember one. */
import { draw, type FormalTask } from './formal-task.ts';

const bitsToBits = {
  inputs: 2,
  classes: 2,
  terminated: false,
  permutationInvariant: false,
  chance: 0.5,
} as const;

export const reverseStringTask: FormalTask = {
  ...bitsToBits,
  level: 'DCF',
  outputLength: (n) => n,
  sample(n, stream) {
    const input = draw(n, 2, stream);
    return { input, output: [...input].reverse() };
  },
};

export const duplicateStringTask: FormalTask = {
  ...bitsToBits,
  level: 'CS',
  outputLength: (n) => 2 * n,
  sample(n, stream) {
    const input = draw(n, 2, stream);
    return { input, output: [...input, ...input] };
  },
};

/** Those at odd places, counted from 0, then those at even ones. */
export function oddsFirst(bits: readonly number[]): number[] {
  const at = (remainder: number) => bits.filter((_, place) => place % 2 === remainder);
  return [...at(1), ...at(0)];
}

export const oddsFirstTask: FormalTask = {
  ...bitsToBits,
  level: 'CS',
  outputLength: (n) => n,
  sample(n, stream) {
    const input = draw(n, 2, stream);
    return { input, output: oddsFirst(input) };
  },
};

export const bucketSortTask: FormalTask = {
  level: 'CS',
  permutationInvariant: true,
  inputs: 5,
  classes: 5,
  outputLength: (n) => n,
  terminated: false,
  chance: 0.2,
  blind: 0.879, // class ⌊5i/n⌋ at place i
  sample(n, stream) {
    const input = draw(n, 5, stream);
    return { input, output: [...input].sort((a, b) => a - b) };
  },
};

/** What stands for the hidden bit, and what fills up an odd length. */
const HIDDEN = 2;
const FILLER = 3;

/** A string twice, with one bit of it hidden, which is to be found. Of length 1: the bit 1. */
export const missingDuplicateStringTask: FormalTask = {
  level: 'CS',
  permutationInvariant: false,
  inputs: 4,
  classes: 2,
  outputLength: () => 1,
  terminated: false,
  chance: 0.5,
  sample(n, stream) {
    if (n === 1) return { input: [1], output: [1] };
    const half = draw(Math.floor(n / 2), 2, stream);
    const input = [...half, ...half];
    const at = stream.integer(input.length);
    const output = [input[at] as number];
    input[at] = HIDDEN;
    if (n % 2 === 1) input.push(FILLER);
    return { input, output };
  },
};
