import type { Experiment } from '../src/experiment/experiment.ts';
import { checkConfig, presets, type TrainingMemoryConfig } from './training-memory/config.ts';
import type { MemoryCell } from './training-memory/train-apart.ts';
import type { MemorySample } from './training-memory/worker.ts';

const cells: readonly MemoryCell[] = [{ id: 'adamw' }, { id: 'came' }];

/** Whether long training keeps its memory. */
export const trainingMemory: Experiment<TrainingMemoryConfig, MemoryCell, readonly MemorySample[]> = {
  name: 'training-memory',
  title: 'Memory over 2,000 steps of training',
  question: 'Does training hold on to tensors or memory as it goes on?',
  claim:
    'From step 200 to step 2,000 of training with AdamW and with CAME the number of tensors stays the same and resident ' +
    'memory grows by at most 3 %',
  presets,
  durations: { smoke: '5 s on 2 cores', laptop: '2 min on 2 cores', paper: '10 min on 2 cores' },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: false,
  backend: 'cpu',
  check: checkConfig,
  cellsRun: 'alone',
  cellSeconds: { smoke: 3, laptop: 60, paper: 300 },
  cells: () => cells,
  startCells: async (context) => (await import('./training-memory/train-apart.ts')).startCells(context),
  outcome: async ({ config }, results) => {
    const { report } = await import('./training-memory/report.ts');
    const found = cells.map(({ id }) => ({ optimizer: id, samples: results.get(id) ?? [] }));
    return report(found, config);
  },
};
