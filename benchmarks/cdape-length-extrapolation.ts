/**
 * Language models trained on short windows and tested on windows up to 16 times as long, one for each position encoding. All of them
 * have the same shape, batches and schedule; a seed gives all the same first weights, encodings apart.
 *
 * The same tokens are scored at every length, end-aligned, so that what changes is only how much text stands before them:
 * with more text a model that extrapolates gets better, or stays as it is. (`--set protocol=last` is the papers' own: other text at
 * every length.)
 *
 * Claim: at 8 times the training length CDAPE-Kerple has a lower perplexity than DAPE-Kerple, that a lower one than Kerple, and that a
 * lower one than RoPE: each step by the paired 95 % interval over seeds.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { check, type ExtrapolationConfig, presets } from './cdape-length-extrapolation/config.ts';
import { planNotes } from './cdape-length-extrapolation/plan-notes.ts';
import type { ExtrapolationResult } from './cdape-length-extrapolation/result.ts';
import { type EncodingCell, encodingCells } from './cdape-training/cells.ts';
import { chosenEncodings } from './cdape-training/encodings.ts';

export const cdapeLengthExtrapolation: Experiment<ExtrapolationConfig, EncodingCell, ExtrapolationResult> = {
  name: 'cdape-length-extrapolation',
  title: 'Perplexity far beyond the training length, by position encoding',
  claim: 'At 8 times the training length the perplexities are CDAPE-Kerple < DAPE-Kerple < Kerple < RoPE',
  question: 'Which position encodings keep their perplexity on sequences longer than those of training?',
  presets,
  durations: { smoke: '20 s', laptop: '7 min on 2 cores', paper: 'weeks on a GPU' },
  seeds: { smoke: 1, laptop: 3, paper: 3 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 3, laptop: 50, paper: 200_000 },
  check,
  cells: ({ config, seeds }) => encodingCells(chosenEncodings(config.encodings), seeds),
  planNotes: ({ config }) => planNotes(config, chosenEncodings(config.encodings)),
  startCells: async (context) =>
    (await import('./cdape-length-extrapolation/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./cdape-length-extrapolation/outcome.ts')).outcome(context, results),
};
