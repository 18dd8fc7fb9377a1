/**
 * `efficient-bert-distillation` with a real pre-trained teacher, all-MiniLM-L6-v2, fine-tuned on the task first. Hours, in the
 * background: what is interrupted goes on with --resume.
 */
import type { Experiment } from '../src/experiment/experiment.ts';
import type { DistillationCell, DistillationResult } from './efficient-bert-distillation/cells.ts';
import { type DistillationConfig, minilmPresets } from './efficient-bert-distillation/config.ts';
import { distillationParts } from './efficient-bert-distillation.ts';

export const efficientBertDistillationTeacher: Experiment<
  DistillationConfig,
  DistillationCell,
  DistillationResult
> = {
  ...distillationParts,
  name: 'efficient-bert-distillation-teacher',
  title: 'Warm-up distillation from a pre-trained teacher',
  claim:
    'A searched student of a pre-trained BERT of 6 layers × 384 is at least 2 times smaller and 2 times faster',
  question: 'How much of a real pre-trained teacher does a searched student keep, by ways to train it?',
  presets: minilmPresets,
  durations: { smoke: '1 min', laptop: '6 h on 2 cores', paper: 'weeks on GPUs' },
  seeds: { smoke: 1, laptop: 3, paper: 3 },
  cellsRun: 'alone',
  cellSeconds: { smoke: 20, laptop: 7200, paper: 1_000_000 },
};
