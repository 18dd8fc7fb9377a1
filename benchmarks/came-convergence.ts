/**
 * CAME against AdamW and other optimizers on a small Transformer, in the protocol of a fair comparison: each contestant tuned over its
 * own learning rates in steps of √10, all with equal numbers of trials, the grids extended until the best lies inside; the best rate
 * chosen on seeds that are not used again; then fresh seeds, paired: the same initial weights and the same batches for all. Same
 * schedule, clipping and decay. `--set model=bert` has a bidirectional encoder fill in masked tokens instead of the next one.
 *
 * Claim: CAME's validation loss is not more than 0.02 nats above AdamW's (upper end of the paired 95 % interval), with at most
 * 0.55 of its state. At sizes this small the row and column vectors and the biases weigh: at BERT-Large's the share is 0.502.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { cells, countCells } from './came-convergence/cells.ts';
import { type CameConvergenceConfig, check, presets } from './came-convergence/config.ts';
import type { CellResult, TrainingCell } from './came-training/cells.ts';

export const cameConvergence: Experiment<CameConvergenceConfig, TrainingCell, CellResult> = {
  name: 'came-convergence',
  title: 'CAME against AdamW: loss against steps',
  claim:
    'CAME converges as AdamW does (within 0.02 nats, each at its best learning rate) with about half of the state',
  headline: 'came',
  question: 'Does CAME reach the loss of AdamW in the same steps, with half of the optimizer state?',
  presets,
  durations: { smoke: '10 s', laptop: '4 min on 2 cores', paper: 'months on one GPU' },
  seeds: { smoke: 2, laptop: 5, paper: 5 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 0.5, laptop: 14, paper: 40_000 },
  check,
  cells,
  countCells,
  startCells: async (context) => (await import('./came-convergence/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./came-convergence/outcome.ts')).outcome(context, results),
};
