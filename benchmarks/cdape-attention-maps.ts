/**
 * What f makes of attention scores: score maps of trained language models before it (S + P) and after it (A), as heat maps, and how much of
 * what it adds depends on the content. A position bias is a function of the distance alone: all of its variance lies between distances, and
 * none within one.
 *
 * Claim: of what f adds under CDAPE-Kerple, at least a fifth of the variance lies within equal distances, in the mean over layers and heads.
 */

import type { Experiment } from '../src/experiment/experiment.ts';
import { type AttentionMapsConfig, check, presets } from './cdape-attention-maps/config.ts';
import type { MapsResult } from './cdape-attention-maps/result.ts';
import { type EncodingCell, encodingCells } from './cdape-training/cells.ts';
import { chosenEncodings } from './cdape-training/encodings.ts';

export const cdapeAttentionMaps: Experiment<AttentionMapsConfig, EncodingCell, MapsResult> = {
  name: 'cdape-attention-maps',
  title: 'Attention scores before and after the convolution',
  claim:
    'Of what CDAPE adds to the scores at least a fifth of the variance depends on content, not on distance',
  question:
    'What does the convolution do to attention scores, and how much of it is more than a position bias?',
  presets,
  durations: { smoke: '10 s', laptop: '2 min on 2 cores', paper: 'days on a GPU' },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: true,
  takesPeers: false,
  backend: 'cpu',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 3, laptop: 45, paper: 200_000 },
  check,
  cells: ({ config, seeds }) => encodingCells(chosenEncodings(config.encodings), seeds),
  startCells: async (context) => (await import('./cdape-attention-maps/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./cdape-attention-maps/outcome.ts')).outcome(context, results),
};
