import type { FormalTask } from './formal-task.ts';

/** Digits 0–4 stand for themselves. The class 8 is never drawn. */
const PLUS = 5;
const MINUS = 6;
const TIMES = 7;

/** digit op digit op …, modulo 5, products first. */
export function evaluateModular(tokens: readonly number[]): number {
  let sum = 0;
  let sign = 1;
  let product = tokens[0] as number;
  for (let at = 1; at < tokens.length; at += 2) {
    const digit = tokens[at + 1] as number;
    if (tokens[at] === TIMES) {
      product = (product * digit) % 5;
    } else {
      sum += sign * product;
      sign = tokens[at] === MINUS ? -1 : 1;
      product = digit;
    }
  }
  return (((sum + sign * product) % 5) + 5) % 5;
}

/** Without brackets. Of odd length: an even n gives n − 1 tokens. */
export const modularArithmeticTask: FormalTask = {
  level: 'R',
  permutationInvariant: false,
  inputs: 9,
  classes: 5,
  outputLength: () => 1,
  terminated: false,
  chance: 0.2,
  sample(n, stream) {
    const length = n % 2 === 0 ? n - 1 : n;
    const operators = [PLUS, TIMES, MINUS];
    const input = Array.from({ length }, (_, at) =>
      at % 2 === 0 ? stream.integer(5) : (operators[stream.integer(3)] as number),
    );
    return { input, output: [evaluateModular(input)] };
  },
};
