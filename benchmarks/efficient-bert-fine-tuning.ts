import type { Experiment } from '../src/experiment/experiment.ts';
import {
  type FineTuningCell,
  type FineTuningResult,
  fineTuningCells,
} from './efficient-bert-fine-tuning/cells.ts';
import { check, type FineTuningConfig, presets } from './efficient-bert-fine-tuning/config.ts';

/** A pre-trained BERT on SST-2, here and in PyTorch: what both reach by one recipe, and how long a step takes. */
export const efficientBertFineTuning: Experiment<FineTuningConfig, FineTuningCell, FineTuningResult> = {
  name: 'efficient-bert-fine-tuning',
  title: 'Fine-tuning a pre-trained BERT beside PyTorch',
  claim:
    'Fine-tuned on SST-2, a pre-trained BERT (all-MiniLM-L6-v2) is at most 1.5 percentage points less accurate than with PyTorch by ' +
    'the same recipe, and a captured step, dropout on, takes at most 1.1 times as long as PyTorch’s, eager, in the same run',
  question: 'Does fine-tuning here reach what PyTorch reaches, and how fast is it?',
  presets,
  durations: {
    smoke: '20 s on 2 cores, 40 s with --peers',
    laptop: '25 min on 2 cores, for 6,920 sentences',
    paper: '50 min on 2 cores with --peers, for 6,920 sentences',
  },
  seeds: { smoke: 1, laptop: 3, paper: 3 },
  takesData: false,
  backend: 'cpu',
  cellsRun: 'alone',
  cellSeconds: { smoke: 5, laptop: 370, paper: 410 },
  check,
  cells: ({ config, seeds }) => fineTuningCells(config, seeds),
  startCells: async (context) =>
    (await import('./efficient-bert-fine-tuning/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-fine-tuning/outcome.ts')).outcome(context, results),
};
