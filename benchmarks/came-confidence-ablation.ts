/**
 * What CAME's confidence brings: CAME without it against CAME with β₃ = 0.99, 0.999, 0.9999 (the instability's memory), each tuned over
 * its own learning rates as in came-convergence, then fresh paired seeds. β₃ decides how far a step goes at a given learning rate, so at
 * one shared rate the sweep would say nothing.
 *
 * Claim, the paper's: the confidence lowers the loss. Of the β₃ the one that the tuning seeds prefer is held against CAME without
 * confidence (upper end of the paired 95 % interval below 0).
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import {
  type CameConfidenceAblationConfig,
  cells,
  check,
  countCells,
  presets,
} from './came-confidence-ablation/config.ts';
import type { CellResult, TrainingCell } from './came-training/cells.ts';

export const cameConfidenceAblation: Experiment<CameConfidenceAblationConfig, TrainingCell, CellResult> = {
  name: 'came-confidence-ablation',
  title: 'CAME with and without confidence',
  question: 'Does the confidence of CAME lower the loss, and with which β₃?',
  claim:
    'CAME with confidence, at its best β₃, reaches a lower loss than CAME without, each at its best learning rate',
  presets,
  durations: { smoke: '10 s', laptop: '6 min on 2 cores', paper: 'months on one GPU' },
  seeds: { smoke: 2, laptop: 5, paper: 5 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 0.5, laptop: 25, paper: 40_000 },
  check,
  cells,
  countCells,
  startCells: async (context) =>
    (await import('./came-confidence-ablation/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./came-confidence-ablation/outcome.ts')).outcome(context, results),
};
