/**
 * One attention layer and associative recall, k₁ v₁ … kₙ vₙ q: name the value whose key is q. It is Proposition 1 of the paper as an
 * experiment. A score that depends on the query, the key and their distance alone can find the key that matches, but not the token
 * after it, whose key vector knows nothing of its neighbour: a single layer can then do no more than prefer values that it has seen.
 * The convolution of CDAPE along the keys moves the score one key on. Trained on few pairs, tested on many.
 *
 * Claim: with one layer, at every seed, CDAPE has at least 99 % right at 128 pairs, eight times as many as in training, and every
 * other encoding, DAPE included, at most 40 % at 8 pairs.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { check, presets, type RecallConfig } from './cdape-associative-recall/config.ts';
import type { RecallResult } from './cdape-associative-recall/result.ts';
import { type EncodingCell, encodingCells } from './cdape-training/cells.ts';
import { chosenEncodings } from './cdape-training/encodings.ts';
import { describeSchedule } from './cdape-training/schedule.ts';

export const cdapeAssociativeRecall: Experiment<RecallConfig, EncodingCell, RecallResult> = {
  name: 'cdape-associative-recall',
  title: 'One layer that recalls: CDAPE against every other position encoding',
  claim:
    'With one attention layer CDAPE recalls ≥ 99 % of 128 pairs after training on 4 to 16; every other encoding ≤ 40 % of 8',
  headline: 'cdape',
  question: 'Does the convolution turn a single attention layer into an induction head, at any length?',
  presets,
  durations: { smoke: '15 s', laptop: '3 min on 2 cores', paper: '10 min on a GPU' },
  seeds: { smoke: 1, laptop: 3, paper: 5 },
  takesData: false,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 4, laptop: 15, paper: 30 },
  check,
  cells: ({ config, seeds }) => encodingCells(chosenEncodings(config.encodings), seeds),
  planNotes: ({ config }) => [describeSchedule(config)],
  startCells: async (context) =>
    (await import('./cdape-associative-recall/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./cdape-associative-recall/outcome.ts')).outcome(context, results),
};
