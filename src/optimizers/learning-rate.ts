import { UserError } from '../errors.ts';
import { type Schedule, type ScheduleDescription, scheduleFrom } from '../training/schedules.ts';

export type { Schedule, ScheduleDescription };

/**
 * η: a number; a schedule as a plain object, such as `{kind: 'cosine', peak: 1e-3, warmup: 100, total: 1000}`, which a saved model keeps;
 * or a function of the number of completed steps (0 at the first one), which cannot be saved.
 */
export type LearningRate = number | ScheduleDescription | Schedule;

const KEYS: readonly string[] = ['kind', 'peak', 'warmup', 'total', 'final', 'power'];

/**
 * η by the number of completed steps, so that what continues a run also continues its schedule. Throws a UserError for a number or a
 * schedule that is out of range; what it returns throws one where a function gives a rate that is.
 */
export function rateAfter(learningRate: LearningRate): Schedule {
  if (typeof learningRate === 'function') {
    return (steps) => checked(learningRate(steps), ` (schedule at step ${steps})`);
  }
  if (typeof learningRate === 'object' && learningRate !== null) {
    const unknown = Object.keys(learningRate).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) {
      throw new UserError(`learningRate: a schedule has no '${unknown}'; it has ${KEYS.join(', ')}`);
    }
    return scheduleFrom(learningRate);
  }
  const rate = checked(learningRate, '');
  return () => rate;
}

function checked(rate: number, where: string): number {
  if (Number.isFinite(rate) && rate >= 0) return rate;
  throw new UserError(`learningRate must be a finite number, not negative; got ${rate}${where}`);
}
