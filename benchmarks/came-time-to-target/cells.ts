import type { CellsPlan } from '../../src/experiment/experiment.ts';
import type { Results, TrainingCell } from '../came-training/cells.ts';
import { timesToTarget } from '../came-training/comparison.ts';
import { type Choice, countStudyCells, requireTrials, studyCells } from '../came-training/study.ts';
import { bestTrial, type Trial } from '../came-training/tuning.ts';
import { type CameTimeToTargetConfig, compared, studiesOf } from './config.ts';

type Plan = CellsPlan<CameTimeToTargetConfig>;

/** Every workload is tuned for itself; the trials of AdamW set its target, and the fastest trial of each contestant is run again. */
export function cells(plan: Plan, results: Results): readonly TrainingCell[] {
  return studiesOf(plan).flatMap(({ study }) => {
    requireTrials(study, compared, results);
    return studyCells(study, plan.seeds, results, fastest(plan.config.margin));
  });
}

/** At most. */
export function countCells(plan: Plan): number {
  return studiesOf(plan).reduce((sum, { study }) => sum + countStudyCells(study, plan), 0);
}

/** The loss of AdamW's best trial plus the margin: fixed before the fresh seeds are looked at. */
export function targetOf(trials: ReadonlyMap<string, readonly Trial[]>, margin: number): number {
  return (bestTrial(trials.get('adamw') ?? [])?.loss ?? Number.NEGATIVE_INFINITY) + margin;
}

/**
 * The trial that reaches the target in the fewest steps, the mean over its seeds; where none reaches it with all of them, the one with
 * the lowest loss.
 */
export function fastest(margin: number): Choice {
  return (own, all) => {
    const target = targetOf(all, margin);
    const timed = own.map((trial) => ({ trial, steps: meanSteps(trial, target) }));
    const [first] = timed
      .filter(({ steps }) => Number.isFinite(steps))
      .sort((a, b) => a.steps - b.steps || a.trial.loss - b.trial.loss);
    return first?.trial ?? bestTrial(own);
  };
}

/** Infinity if a seed did not reach the target. */
function meanSteps({ results }: Trial, target: number): number {
  const steps = results.map((result) => timesToTarget(result, target)?.steps ?? Number.POSITIVE_INFINITY);
  return steps.reduce((sum, value) => sum + value, 0) / steps.length;
}
