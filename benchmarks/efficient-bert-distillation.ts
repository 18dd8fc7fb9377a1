/** What warm-up distillation is worth: the same student on labels alone, by task distillation, by warm-up distillation, by budget. */

import type { Experiment } from '../src/experiment/experiment.ts';
import {
  type DistillationCell,
  type DistillationResult,
  distillationCells,
} from './efficient-bert-distillation/cells.ts';
import { check, type DistillationConfig, presets } from './efficient-bert-distillation/config.ts';
import { planNotes } from './efficient-bert-distillation/plan-notes.ts';

type DistillationExperiment = Experiment<DistillationConfig, DistillationCell, DistillationResult>;

/** What all experiments of distillation share. */
export const distillationParts = {
  takesData: true,
  takesPeers: false,
  backend: 'auto',
  check,
  cells: ({ seeds }) => distillationCells(seeds),
  planNotes: ({ config }) => planNotes(config),
  startCells: async (context) =>
    (await import('./efficient-bert-distillation/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-distillation/outcome.ts')).outcome(context, results),
} satisfies Partial<DistillationExperiment>;

export const efficientBertDistillation: DistillationExperiment = {
  ...distillationParts,
  name: 'efficient-bert-distillation',
  title: 'Warm-up distillation, by budget',
  claim:
    'A student at least 3 times smaller than its teacher keeps, by warm-up distillation, at least 95 % of its SST-2 dev accuracy',
  question:
    'What is distillation worth, how much of it, and what are the searched networks worth beside plain ones?',
  presets,
  durations: { smoke: '1 min', laptop: '15 min on 2 cores', paper: 'weeks on GPUs' },
  seeds: { smoke: 1, laptop: 2, paper: 3 },
  cellsRun: 'side by side',
  cellSeconds: { smoke: 20, laptop: 900, paper: 1_000_000 },
};
