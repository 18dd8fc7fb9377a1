import type { CellsPlan } from '../../src/experiment/experiment.ts';
import type { Results, TrainingCell } from '../came-training/cells.ts';
import { countStudyCells, requireTrials, studyCells } from '../came-training/study.ts';
import { type CameConvergenceConfig, compared, studyOf } from './config.ts';

type Plan = CellsPlan<CameConvergenceConfig>;

/** The trials that choose the learning rates, the grids growing where they must; then the winners on fresh seeds. */
export function cells(plan: Plan, results: Results): readonly TrainingCell[] {
  const study = studyOf(plan);
  requireTrials(study, compared, results);
  return studyCells(study, plan.seeds, results);
}

/** At most: with every grid grown as far as it may. */
export function countCells(plan: Plan): number {
  return countStudyCells(studyOf(plan), plan);
}
