import type { Experiment } from '../src/experiment/experiment.ts';
import { type GlueCell, type GlueResult, glueCells } from './efficient-bert-glue/cells.ts';
import { check, type GlueConfig, presets } from './efficient-bert-glue/config.ts';

/** Fine-tunes any configuration on a task of GLUE: published architectures drawn anew, a small one, or a pre-trained folder. */
export const efficientBertGlue: Experiment<GlueConfig, GlueCell, GlueResult> = {
  name: 'efficient-bert-glue',
  title: 'Fine-tuning on GLUE',
  claim:
    'From scratch, a small configuration has at least 20 percentage points more of the SST-2 dev set right than the majority class, ' +
    'after at most 10 minutes on 2 cores',
  question: 'How good is a configuration on a task of GLUE after fine-tuning?',
  presets,
  durations: { smoke: '10 s', laptop: '2 min on 2 cores', paper: '1 h on 8 cores' },
  seeds: { smoke: 1, laptop: 2, paper: 3 },
  takesData: false,
  takesPeers: false,
  backend: 'auto',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 3, laptop: 60, paper: 5400 },
  check,
  cells: ({ config, seeds }) => glueCells(config.task, seeds),
  startCells: async (context) => (await import('./efficient-bert-glue/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-glue/outcome.ts')).outcome(context, results),
};
