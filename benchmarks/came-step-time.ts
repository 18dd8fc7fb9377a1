import type { Experiment } from '../src/experiment/experiment.ts';
import { nameCells } from './came-step-time/cells.ts';
import { check, presets, type StepTimeConfig } from './came-step-time/config.ts';
import type { StepTimeCell, StepTimeResult } from './came-step-time/results.ts';

/** How long one step of each optimizer takes, by size of the weights, beside PyTorch's and beside the memory's bandwidth. */
export const cameStepTime: Experiment<StepTimeConfig, StepTimeCell, StepTimeResult> = {
  name: 'came-step-time',
  title: 'Time of one step of CAME and the other optimizers',
  question:
    'How long does one step of each optimizer take, on small, middle and large weights, and how close is that to what memory allows?',
  claim:
    "On idle 2 cores native CAME over BERT-Base's shapes takes at most 0.12 times as long as the authors' code and 1.5 times as " +
    "long as PyTorch's fused AdamW, and moves 32 bytes per parameter at 60 % of a triad's bandwidth; captured operations take at " +
    "most 0.5 times as long as the authors' code and 1.6 times as long as our captured AdamW; a training step with CAME takes at " +
    'most 3 % longer than with AdamW; loops for 100 tensors of 16×16 are at least 5 times as fast as operations on wasm, 10 on js',
  presets,
  durations: {
    smoke: '40 s on 2 cores',
    laptop: '9 min on 2 cores with --peers, 11 GB of memory',
    paper: '40 min on 2 cores with --peers, 30 GB of memory',
  },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  backend: 'tensorflow',
  check,
  cellsRun: 'alone',
  cellSeconds: { smoke: 1, laptop: 10, paper: 50 },
  cells: ({ config }) => nameCells(config),
  startCells: async (context) => (await import('./came-step-time/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./came-step-time/outcome.ts')).outcome(context, [...results.values()]),
};
