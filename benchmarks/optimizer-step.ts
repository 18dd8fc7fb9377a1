import type { Experiment } from '../src/experiment/experiment.ts';
import { checkConfig, type OptimizerStepConfig, presets } from './optimizer-step/config.ts';
import type { GroupCell, GroupResult } from './optimizer-step/measure-group.ts';

/** How long one optimizer step over BERT's shapes takes, beside PyTorch's and beside what the memory's bandwidth allows. */
export const optimizerStep: Experiment<OptimizerStepConfig, GroupCell, GroupResult> = {
  name: 'optimizer-step',
  title: 'Speed of one CAME or AdamW step',
  question:
    "How fast is one CAME and one AdamW step over BERT-Base's 109 million parameters, beside the authors' CAME and PyTorch's AdamW?",
  claim:
    "On idle 2 cores native CAME takes at most 0.15 times as long as the authors' CAME and 1.6 times as long as PyTorch's fused " +
    'AdamW, and native AdamW at most 1.1 times as long as that',
  presets,
  durations: {
    smoke: '30 s on 2 cores',
    laptop: '6 min on 2 cores with --peers, 10 GB of memory',
    paper: '10 min on 2 cores with --peers, 30 GB of memory',
  },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  backend: 'tensorflow',
  check: checkConfig,
  cellsRun: 'alone',
  cellSeconds: { smoke: 15, laptop: 180, paper: 300 },
  cells: () => [{ id: 'came' }, { id: 'adamw' }],
  startCells: async (context) => (await import('./optimizer-step/measure-group.ts')).startCells(context),
  outcome: async ({ config }, results) =>
    (await import('./optimizer-step/report.ts')).report([...results.values()], config),
};
