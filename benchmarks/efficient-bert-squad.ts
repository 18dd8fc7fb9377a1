import type { Experiment } from '../src/experiment/experiment.ts';
import { type SquadCell, type SquadResult, squadCells } from './efficient-bert-squad/cells.ts';
import { check, presets, type SquadConfig } from './efficient-bert-squad/config.ts';

/** Fine-tunes any configuration on SQuAD: published architectures drawn anew, a small one, or a pre-trained folder. */
export const efficientBertSquad: Experiment<SquadConfig, SquadCell, SquadResult> = {
  name: 'efficient-bert-squad',
  title: 'Fine-tuning on SQuAD',
  claim:
    'Fine-tuned on 4,000 questions of SQuAD 2.0, a pre-trained BERT of 6 layers × 384 has an F1 on the dev set at least 1 percentage ' +
    'point above that of "no answer" to every question',
  question: 'How well does a configuration find answers in a text after fine-tuning?',
  presets,
  durations: { smoke: '10 s', laptop: '30 min on 2 cores', paper: '1 day on 8 cores' },
  seeds: { smoke: 1, laptop: 2, paper: 3 },
  takesData: false,
  takesPeers: false,
  backend: 'auto',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 3, laptop: 1800, paper: 86_400 },
  check,
  cells: ({ config, seeds }) => squadCells(config.version, seeds),
  startCells: async (context) => (await import('./efficient-bert-squad/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-squad/outcome.ts')).outcome(context, results),
};
