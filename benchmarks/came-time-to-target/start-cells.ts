import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { CellResult, TrainingCell } from '../came-training/cells.ts';
import { type ContestantName, contestantTitles } from '../came-training/contestants.ts';
import { startCells as startTraining } from '../came-training/start-cells.ts';
import { type CameTimeToTargetConfig, taskOf } from './config.ts';
import type { WorkloadName } from './workloads.ts';

export function startCells(
  context: CellContext<CameTimeToTargetConfig>,
): Promise<CellRunner<TrainingCell, CellResult>> {
  const { config } = context;
  return startTraining(context, ({ study, contestant }) => {
    const optimizer = contestant as ContestantName;
    const task = taskOf(config, study as WorkloadName);
    return { title: `${study} ${contestantTitles[optimizer]}`, task, optimizer, settings: config };
  });
}
