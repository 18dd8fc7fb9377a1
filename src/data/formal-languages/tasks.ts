import { binaryAdditionTask, binaryMultiplicationTask, computeSqrtTask } from './binary-numbers.ts';
import { modularArithmeticBracketsTask, solveEquationTask } from './bracket-expressions.ts';
import { cycleNavigationTask, evenPairsTask, parityCheckTask } from './counting.ts';
import type { FormalTask } from './formal-task.ts';
import { modularArithmeticTask } from './modular-arithmetic.ts';
import { stackManipulationTask } from './stack-manipulation.ts';
import {
  bucketSortTask,
  duplicateStringTask,
  missingDuplicateStringTask,
  oddsFirstTask,
  reverseStringTask,
} from './strings.ts';

/** All fifteen, under the names of the authors' code. */
export const formalTasks = {
  even_pairs: evenPairsTask,
  modular_arithmetic: modularArithmeticTask,
  parity_check: parityCheckTask,
  cycle_navigation: cycleNavigationTask,
  modular_arithmetic_brackets: modularArithmeticBracketsTask,
  reverse_string: reverseStringTask,
  stack_manipulation: stackManipulationTask,
  solve_equation: solveEquationTask,
  missing_duplicate_string: missingDuplicateStringTask,
  duplicate_string: duplicateStringTask,
  odds_first: oddsFirstTask,
  binary_addition: binaryAdditionTask,
  binary_multiplication: binaryMultiplicationTask,
  compute_sqrt: computeSqrtTask,
  bucket_sort: bucketSortTask,
} as const satisfies Record<string, FormalTask>;

export type FormalTaskName = keyof typeof formalTasks;

export const formalTaskNames = Object.keys(formalTasks) as FormalTaskName[];

export function formalTask(name: FormalTaskName): FormalTask {
  return formalTasks[name];
}
