import type { Cell } from '../src/experiment/cells.ts';
import {
  type CellSpec,
  createProcessExecutor,
  type ProcessExecutor,
  type ProcessExecutorOptions,
} from '../src/experiment/process-executor.ts';
import { ownProgram } from './own-process.ts';

/** Computes the cells of an experiment in child processes of this one. */
export function createCellExecutor<K extends Cell, R>(
  spec: CellSpec,
  options: Omit<ProcessExecutorOptions, 'program'>,
): ProcessExecutor<K, R> {
  return createProcessExecutor(spec, { ...options, program: ownProgram('./cell-process', import.meta.url) });
}
