import type { RandomStream } from '../../random/index.ts';
import { between, draw, type FormalTask, TERMINATOR } from './formal-task.ts';

/** What stands between the two numbers. */
const OPERATOR = 2;

/** Of bits with the lowest first. */
export function fromBits(bits: readonly number[]): bigint {
  return BigInt(`0b${[...bits].reverse().join('')}`);
}

/** The lowest first, no more than it needs; 0 has one. */
export function toBits(value: bigint): number[] {
  return [...value.toString(2)].reverse().map(Number);
}

/** ⌊√v⌋, by Newton's method from above. */
export function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Bits that are not all `excluded`, each string of them equally likely. */
function drawBits(count: number, excluded: 0 | 1, stream: RandomStream): number[] {
  for (;;) {
    const bits = draw(count, 2, stream);
    if (bits.some((bit) => bit !== excluded)) return bits;
  }
}

/** a, the operator, b: n tokens from 3 on; both numbers above 0. */
function drawPair(
  n: number,
  stream: RandomStream,
): { readonly input: number[]; readonly pair: [bigint, bigint] } {
  const length = between(1, n - 2, stream);
  const [a, b] = [drawBits(length, 0, stream), drawBits(n - 1 - length, 0, stream)];
  return { input: [...a, OPERATOR, ...b], pair: [fromBits(a), fromBits(b)] };
}

/** A terminator, then zeros. */
function terminated(bits: readonly number[], length: number): number[] {
  return [...bits, TERMINATOR, ...new Array<number>(length - bits.length - 1).fill(0)];
}

const arithmetic = {
  level: 'CS',
  permutationInvariant: false,
  inputs: 3,
  classes: 3,
  terminated: true,
  chance: 0.5,
} as const;

/** Lowest bits first. Up to two tokens there is one number and nothing to add. */
export const binaryAdditionTask: FormalTask = {
  ...arithmetic,
  outputLength: (n) => n + 1,
  sample(n, stream) {
    if (n <= 2) {
      const input = drawBits(n, 1, stream);
      return { input, output: terminated(toBits(fromBits(input)), n + 1) };
    }
    const { input, pair } = drawPair(n, stream);
    return { input, output: terminated(toBits(pair[0] + pair[1]), n + 1) };
  },
};

/** Lowest bits first. Up to two tokens there is one number, and the product is said to be nothing, or 0. */
export const binaryMultiplicationTask: FormalTask = {
  ...arithmetic,
  outputLength: (n) => n,
  sample(n, stream) {
    if (n <= 2) return { input: drawBits(n, 1, stream), output: terminated(n === 1 ? [] : [0], n) };
    const { input, pair } = drawPair(n, stream);
    return { input, output: terminated(toBits(pair[0] * pair[1]), n) };
  },
};

/** ⌊√v⌋ of a number above 0; here the highest bits come first. */
export function rootBits(bits: readonly number[]): number[] {
  const root = toBits(integerRoot(fromBits([...bits].reverse()))).reverse();
  const length = Math.ceil(bits.length / 2);
  return [...new Array<number>(length - root.length).fill(0), ...root];
}

export const computeSqrtTask: FormalTask = {
  level: 'CS',
  permutationInvariant: false,
  inputs: 2,
  classes: 2,
  outputLength: (n) => Math.ceil(n / 2),
  terminated: false,
  chance: 0.5,
  sample(n, stream) {
    const input = drawBits(n, 0, stream);
    return { input, output: rootBits(input) };
  },
};
