import { between, draw, type FormalTask, TERMINATOR } from './formal-task.ts';

const POP = 2;
/** Pushes 0; the next class pushes 1. */
const PUSH = 3;

/**
 * A stack of bits from bottom to top, then actions; the stack that they leave from top to bottom, a terminator, and zeros up to n + 1.
 * An empty stack stays so when popped.
 */
export function manipulateStack(tokens: readonly number[]): number[] {
  const stack: number[] = [];
  for (const token of tokens) {
    if (token < POP) stack.push(token);
    else if (token === POP) stack.pop();
    else stack.push(token - PUSH);
  }
  const output = [...stack.reverse(), TERMINATOR];
  return [...output, ...new Array<number>(tokens.length + 1 - output.length).fill(0)];
}

export const stackManipulationTask: FormalTask = {
  level: 'DCF',
  permutationInvariant: false,
  inputs: 5,
  classes: 3,
  outputLength: (n) => n + 1,
  terminated: true,
  chance: 0.5,
  sample(n, stream) {
    const height = n === 1 ? 1 : between(1, n - 1, stream);
    const stack = draw(height, 2, stream);
    const actions = draw(n - height, 3, stream).map((action) => POP + action);
    const input = [...stack, ...actions];
    return { input, output: manipulateStack(input) };
  },
};
