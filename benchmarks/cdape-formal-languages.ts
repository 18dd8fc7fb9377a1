/**
 * The fifteen tasks of the Chomsky hierarchy evaluation (Delétang et al., ICLR 2023) by an encoder-only Transformer with each position
 * encoding: trained on short sequences, scored on longer ones. As many empty tokens follow the input as the output is long, and the
 * answer is read there, all at once. Both directions, as the authors' Transformer; `--set causal=true` for one.
 *
 * Claim: beyond the training lengths CDAPE-Kerple is more accurate than Kerple, in the mean over seeds, on at least 8 of 11 tasks, as
 * the paper has it. The verdict names the tasks where it is not, and those where another encoding is best.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import type { FormalCell } from './cdape-formal-languages/cells.ts';
import { formalCells } from './cdape-formal-languages/cells.ts';
import { check, type FormalConfig, presets } from './cdape-formal-languages/config.ts';
import type { FormalResult } from './cdape-formal-languages/result.ts';
import { describeSchedule } from './cdape-training/schedule.ts';

export const cdapeFormalLanguages: Experiment<FormalConfig, FormalCell, FormalResult> = {
  name: 'cdape-formal-languages',
  title: 'Formal languages beyond the training length, by position encoding',
  claim: 'Beyond the training lengths CDAPE-Kerple is more accurate than Kerple on 8 of 11 tasks',
  question:
    'On which tasks of the Chomsky hierarchy does the convolution help to generalise to longer sequences?',
  presets,
  durations: { smoke: '30 s', laptop: '25 min on 2 cores', paper: 'months on a GPU' },
  seeds: { smoke: 1, laptop: 3, paper: 10 },
  takesData: false,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 5, laptop: 40, paper: 10_000 },
  check,
  cells: ({ config, seeds }) => formalCells(config, seeds),
  planNotes: ({ config }) => [describeSchedule(config)],
  startCells: async (context) =>
    (await import('./cdape-formal-languages/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./cdape-formal-languages/outcome.ts')).outcome(context, results),
};
