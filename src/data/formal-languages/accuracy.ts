import { type FormalTask, TERMINATOR } from './formal-task.ts';

/** How many of the targets count, from the first: all, or those up to the terminator. */
export function countedTargets(
  { terminated }: Pick<FormalTask, 'terminated'>,
  target: ArrayLike<number>,
): number {
  if (!terminated) return target.length;
  const end = Array.prototype.indexOf.call(target, TERMINATOR);
  return end < 0 ? target.length : end + 1;
}

/** Predictions that are right among the targets that count. */
export interface Counted {
  readonly right: number;
  readonly counted: number;
}

/** Row by row of m tokens each. */
export function countRight(
  task: Pick<FormalTask, 'terminated'>,
  predicted: ArrayLike<number>,
  targets: Int32Array,
  m: number,
): Counted {
  let [right, counted] = [0, 0];
  for (let row = 0; row < targets.length; row += m) {
    const own = countedTargets(task, targets.subarray(row, row + m));
    for (let at = row; at < row + own; at++) right += Number(predicted[at] === targets[at]);
    counted += own;
  }
  return { right, counted };
}
