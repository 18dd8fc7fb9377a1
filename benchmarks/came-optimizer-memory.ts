import type { Experiment } from '../src/experiment/experiment.ts';
import {
  type ContestantName,
  check,
  type MemoryCell,
  type MemoryResult,
  type OptimizerMemoryConfig,
  presets,
} from './came-optimizer-memory/config.ts';

/** State of each optimizer, counted from the shapes of well-known models and measured on one that is built. */
export const cameOptimizerMemory: Experiment<OptimizerMemoryConfig, MemoryCell, MemoryResult> = {
  name: 'came-optimizer-memory',
  title: 'Memory of CAME and the other optimizers',
  question: 'How much memory does each optimizer hold between steps, and how much more during one?',
  claim:
    "CAME holds at most 0.503 of AdamW's state on BERT-Base, and with native kernels its whole step (weights, gradients, state, " +
    'peak) takes at most 12.1 bytes per parameter',
  presets,
  durations: { smoke: '5 s', laptop: '1 min on 2 cores, 3 GiB', paper: '5 min, 9 GiB' },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'alone',
  cellSeconds: { smoke: 0.3, laptop: 10, paper: 30 },
  check,
  cells: ({ config }) => config.contestants.map((id) => ({ id: id as ContestantName })),
  startCells: async (context) => (await import('./came-optimizer-memory/measure.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./came-optimizer-memory/outcome.ts')).outcome(context, results),
};
