import type { RandomStream } from '../../random/index.ts';

/** One sequence and what is to be said of it, as class numbers. */
export interface FormalSample {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/**
 * A task of the Chomsky hierarchy evaluation: Delétang et al., Neural Networks and the Chomsky Hierarchy, ICLR 2023, and
 * google-deepmind/neural_networks_chomsky_hierarchy, whose code decides where the two differ. All draws are uniform.
 */
export interface FormalTask {
  /** Regular, deterministic context-free, or context-sensitive. */
  readonly level: 'R' | 'DCF' | 'CS';
  /** Whether the order of the input does not matter to the output. */
  readonly permutationInvariant: boolean;
  /** Classes of the input; a model sees one more, the empty token. */
  readonly inputs: number;
  /** Classes of the output. */
  readonly classes: number;
  /** m, output tokens for a sequence of length n. */
  outputLength(n: number): number;
  /** Whether outputs end with a terminator, class 2, after which nothing counts. */
  readonly terminated: boolean;
  /** Share right by guessing among the classes that occur. */
  readonly chance: number;
  /** Where it is more: share right without looking at the input, over lengths 41 to 500. */
  readonly blind?: number;
  /** A sequence of the length asked for: n tokens, unless the task says otherwise. */
  sample(n: number, stream: RandomStream): FormalSample;
}

/** What ends an output. */
export const TERMINATOR = 2;

/** Numbers below `bound`. */
export function draw(count: number, bound: number, stream: RandomStream): number[] {
  return Array.from({ length: count }, () => stream.integer(bound));
}

/** From `low` to `high`, both possible. */
export function between(low: number, high: number, stream: RandomStream): number {
  return low + stream.integer(high - low + 1);
}
