/**
 * Time to a target, after AlgoPerf (Dahl et al. 2023): on each of several workloads every optimizer has the same number of trials over
 * its own learning rates and the same budget of steps. The target is the loss of AdamW's best trial plus a margin that was set before;
 * each contestant's fastest trial is run again on fresh paired seeds. Steps and seconds to the target, and performance profiles over all
 * workloads and seeds. The schedule decays to zero at the end of the budget, so nobody arrives much before it.
 *
 * Claim: CAME reaches AdamW's loss in at most 1.1 times AdamW's steps (medians over seeds) on every workload.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { cells, countCells } from './came-time-to-target/cells.ts';
import { type CameTimeToTargetConfig, check, presets } from './came-time-to-target/config.ts';
import type { CellResult, TrainingCell } from './came-training/cells.ts';

export const cameTimeToTarget: Experiment<CameTimeToTargetConfig, TrainingCell, CellResult> = {
  name: 'came-time-to-target',
  title: 'Time to the loss of AdamW',
  question: 'How many steps and seconds does each optimizer take to the loss that a tuned AdamW reaches?',
  claim: "CAME reaches the loss of a tuned AdamW in at most 1.1 times AdamW's steps, on every workload",
  presets,
  durations: { smoke: '20 s', laptop: '14 min on 2 cores', paper: 'months on one GPU' },
  seeds: { smoke: 2, laptop: 5, paper: 5 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'alone',
  cellSeconds: { smoke: 0.5, laptop: 15, paper: 40_000 },
  check,
  cells,
  countCells,
  startCells: async (context) => (await import('./came-time-to-target/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./came-time-to-target/outcome.ts')).outcome(context, results),
};
