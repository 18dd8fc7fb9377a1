import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { CellResult, TrainingCell } from '../came-training/cells.ts';
import { type ContestantName, contestantTitles } from '../came-training/contestants.ts';
import { startCells as startTraining } from '../came-training/start-cells.ts';
import { type CameLargeBatchConfig, studiesOf, taskOf } from './config.ts';

export function startCells(
  context: CellContext<CameLargeBatchConfig>,
): Promise<CellRunner<TrainingCell, CellResult>> {
  const { config } = context;
  const sizes = new Map(studiesOf(context).map(({ study, batchSize }) => [study.name, batchSize]));
  return startTraining(context, ({ study, contestant }) => {
    const optimizer = contestant as ContestantName;
    const batchSize = sizes.get(study);
    if (batchSize === undefined) throw new Error(`there is no study ${study}`);
    return {
      title: `${contestantTitles[optimizer]} batch ${batchSize}`,
      task: taskOf(config, batchSize),
      optimizer,
      settings: config,
      accumulation: batchSize / config.batchSize,
    };
  });
}
