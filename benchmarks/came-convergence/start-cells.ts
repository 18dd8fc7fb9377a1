import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { CellResult, TrainingCell } from '../came-training/cells.ts';
import { type ContestantName, contestantTitles } from '../came-training/contestants.ts';
import { startCells as startTraining } from '../came-training/start-cells.ts';
import type { CameConvergenceConfig } from './config.ts';

export function startCells(
  context: CellContext<CameConvergenceConfig>,
): Promise<CellRunner<TrainingCell, CellResult>> {
  const { config } = context;
  return startTraining(context, ({ contestant }) => {
    const optimizer = contestant as ContestantName;
    return { title: contestantTitles[optimizer], task: config, optimizer, settings: config };
  });
}
