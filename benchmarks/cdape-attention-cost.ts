/**
 * What a position encoding costs: time of one captured training step and the most memory that its process ever held, against the
 * length T, for each encoding, beside plain attention and beside the authors' rule in PyTorch (`--peers`). The number of operations in
 * the convolution says what to expect: 3Hwk multiply-adds for each query and key with a bias, against 2D of attention itself; the
 * authors' code does both for the whole square, ours for the causal half. Then what the evaluation of one long sequence takes, by blocks
 * of query rows: no row meets another in the convolution.
 *
 * Claim: at D 256, L 4, H 8, T 256, B 8, with k = 3, the step with CDAPE-Kerple takes at most 0.35 times as long as the authors' rule in
 * PyTorch, at most 1.8 times as long as with plain Kerple, and at most 1.5 times its memory; 8192 tokens are evaluated within 4 GiB,
 * and 1024 by blocks as they are at once, to 1e-5.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import {
  type AttentionCostConfig,
  check,
  costCells,
  type LengthCell,
  presets,
} from './cdape-attention-cost/config.ts';
import type { CostResult } from './cdape-attention-cost/result.ts';

export const cdapeAttentionCost: Experiment<AttentionCostConfig, LengthCell, CostResult> = {
  name: 'cdape-attention-cost',
  title: 'Time and memory of a training step by position encoding and length',
  claim:
    "A step with CDAPE-Kerple takes ≤ 0.35 of the time of the authors' rule in PyTorch, ≤ 1.8 of plain Kerple's, ≤ 1.5 of its memory; 8192 tokens fit 4 GiB",
  question: 'What does the convolution over attention scores cost, in time and in memory?',
  presets,
  durations: {
    smoke: '40 s',
    laptop: '7 min on 2 cores with --peers, 12 GiB',
    paper: '30 min on 2 cores with --peers, 40 GiB',
  },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  backend: 'cpu',
  cellsRun: 'alone',
  cellSeconds: { smoke: 8, laptop: 75, paper: 200 },
  check,
  cells: ({ config }) => costCells(config),
  startCells: async (context) => (await import('./cdape-attention-cost/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./cdape-attention-cost/outcome.ts')).outcome(context, [...results.values()]),
};
