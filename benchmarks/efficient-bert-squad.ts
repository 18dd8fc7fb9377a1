import type { Experiment } from '../src/experiment/experiment.ts';
import { type SquadCell, type SquadResult, squadCells } from './efficient-bert-squad/cells.ts';
import { check, presets, type SquadConfig } from './efficient-bert-squad/config.ts';

/** Fine-tunes any configuration on SQuAD: published architectures drawn anew, a small one, or a pre-trained folder. */
export const efficientBertSquad: Experiment<SquadConfig, SquadCell, SquadResult> = {
  name: 'efficient-bert-squad',
  title: 'Fine-tuning on SQuAD',
  claim:
    'Fine-tuned on SQuAD 2.0 (laptop: 3,000 questions of it), a pre-trained BERT of 6 layers × 384 finds spans in the dev questions ' +
    'that have an answer whose F1 is at least 5 percentage points above that of the sentence which shares most words with the question',
  question: 'How well does a configuration find answers in a text after fine-tuning?',
  presets,
  durations: { smoke: '10 s', laptop: '16 min on 2 cores, 9 GB of memory', paper: '2 days on 3 cores' },
  seeds: { smoke: 1, laptop: 2, paper: 3 },
  takesData: false,
  takesPeers: false,
  backend: 'auto',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 3, laptop: 900, paper: 165_000 },
  check,
  cells: ({ config, seeds }) => squadCells(config.version, seeds),
  startCells: async (context) => (await import('./efficient-bert-squad/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-squad/outcome.ts')).outcome(context, results),
};
