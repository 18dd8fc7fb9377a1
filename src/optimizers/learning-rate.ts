import { UserError } from '../errors.ts';

/** η as a function of the number of completed steps: 0 at the first step, so that `resume` continues the schedule. */
export type Schedule = (step: number) => number;
export type LearningRate = number | Schedule;

/** The learning rate of the step that follows `completedSteps`; an error where it is negative or not finite. */
export function learningRateAt(learningRate: LearningRate, completedSteps: number): number {
  const value = typeof learningRate === 'function' ? learningRate(completedSteps) : learningRate;
  if (!Number.isFinite(value) || value < 0) {
    const where = typeof learningRate === 'function' ? ` (schedule at step ${completedSteps})` : '';
    throw new UserError(`learningRate must be a finite number, not negative; got ${value}${where}`);
  }
  return value;
}
