/**
 * The whole of EfficientBERT: a small teacher trained on a task, a supernet taught by it on texts, three stages of search, the found
 * student by warm-up distillation. Beside it: random search with as many candidates, and the found student on labels alone.
 */
import type { Experiment } from '../src/experiment/experiment.ts';
import { type SearchCell, type SearchResult, searchCells } from './efficient-bert-search/cells.ts';
import { check, presets, type SearchConfig } from './efficient-bert-search/config.ts';
import { planNotes } from './efficient-bert-search/plan-notes.ts';

export const efficientBertSearch: Experiment<SearchConfig, SearchCell, SearchResult> = {
  name: 'efficient-bert-search',
  title: 'Coarse-to-fine search of EfficientBERT',
  claim:
    'The student that three stages of search find is at least 3 times smaller than its teacher and keeps, by warm-up distillation, at ' +
    'least 95 % of its SST-2 dev accuracy',
  question:
    'Which feed-forward networks does the search find, and how much of a teacher does the found student keep?',
  presets,
  durations: { smoke: '1 min', laptop: '25 min on 2 cores', paper: 'weeks on GPUs' },
  seeds: { smoke: 1, laptop: 2, paper: 1 },
  takesData: true,
  takesPeers: false,
  backend: 'auto',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 40, laptop: 1500, paper: 10_000_000 },
  check,
  cells: ({ seeds }) => searchCells(seeds),
  planNotes: ({ config }) => planNotes(config),
  startCells: async (context) => (await import('./efficient-bert-search/start-cells.ts')).startCells(context),
  outcome: async (context, results) =>
    (await import('./efficient-bert-search/outcome.ts')).outcome(context, results),
};
