/**
 * How large the convolution has to be: language models with CDAPE-Kerple that differ in the kernel size k and the hidden width w alone,
 * and plain Kerple beside them, tested as in cdape-length-extrapolation. k = 1 is DAPE.
 *
 * Claim: at the largest length k = 3 has a lower perplexity than k = 1 of the same width, and even with the narrowest hidden layer a lower
 * one than k = 1 with the widest (the paper: w 10 against w 64): both by the paired 95 % interval over seeds.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { check, type KernelSizeConfig, presets } from './cdape-kernel-size/config.ts';
import { type VariantCell, variantCells } from './cdape-kernel-size/variants.ts';
import type { ExtrapolationResult } from './cdape-length-extrapolation/result.ts';
import { describeSchedule } from './cdape-training/schedule.ts';

export const cdapeKernelSize: Experiment<KernelSizeConfig, VariantCell, ExtrapolationResult> = {
  name: 'cdape-kernel-size',
  title: 'Kernel size and hidden width of CDAPE',
  claim: 'Beyond the training length k = 3 is better than k = 1, and a narrow k = 3 better than a wide k = 1',
  question: 'How large must the kernel and the hidden layer of the convolution be?',
  presets,
  durations: { smoke: '20 s', laptop: '12 min on 2 cores', paper: 'weeks on a GPU' },
  seeds: { smoke: 1, laptop: 3, paper: 3 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 3, laptop: 55, paper: 200_000 },
  check,
  cells: ({ config, seeds }) => variantCells(config, seeds),
  planNotes: ({ config }) => [describeSchedule(config)],
  startCells: async (context) => (await import('./cdape-kernel-size/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./cdape-kernel-size/outcome.ts')).outcome(context, results),
};
