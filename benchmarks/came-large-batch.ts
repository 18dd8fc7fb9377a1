/**
 * CAME against AdamW as batches grow, on the task of the paper: a bidirectional encoder that fills in masked tokens. Large batches are
 * made of micro batches whose gradients are averaged. Every optimizer is tuned for every batch size, as in came-convergence; then fresh
 * paired seeds. By default all batch sizes see the same number of sequences; `--set budget=steps` gives them the same number of steps,
 * as in the paper.
 *
 * Claim, the paper's (66.5 against 65.5 % of masked tokens right with batches of 8,192, 68.0 against 64.5 % with 32,768): with the largest
 * batch CAME's loss is below AdamW's (upper end of the paired 95 % interval below 0).
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { type CameLargeBatchConfig, cells, check, countCells, presets } from './came-large-batch/config.ts';
import type { CellResult, TrainingCell } from './came-training/cells.ts';

export const cameLargeBatch: Experiment<CameLargeBatchConfig, TrainingCell, CellResult> = {
  name: 'came-large-batch',
  title: 'CAME against AdamW with large batches',
  question: 'Is CAME better than AdamW when batches are large?',
  claim: 'With the largest batch CAME reaches a lower loss than AdamW, each at its best learning rate',
  presets,
  durations: { smoke: '15 s', laptop: '12 min on 2 cores', paper: 'months on one GPU' },
  seeds: { smoke: 2, laptop: 5, paper: 5 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 0.5, laptop: 25, paper: 200_000 },
  check,
  cells,
  countCells,
  startCells: async (context) => (await import('./came-large-batch/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./came-large-batch/outcome.ts')).outcome(context, results),
};
