import type { Experiment } from '../src/experiment/experiment.ts';
import { checkConfig, type OptimizerStepConfig, presets } from './optimizer-step/config.ts';

/** How long one optimizer step over BERT's shapes takes, beside PyTorch's and beside what the memory's bandwidth allows. */
export const optimizerStep: Experiment<OptimizerStepConfig> = {
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
  run: async (context) => (await import('./optimizer-step/run.ts')).run(context),
};
