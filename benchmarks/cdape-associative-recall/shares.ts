import { mean } from 'simple-statistics';
import type { RecallResult } from './result.ts';

/** How much of its attention the last query gives to the key that matches and to the value after it, before f and after. */
export interface Shares {
  readonly matchBefore: number;
  readonly valueBefore: number;
  readonly matchAfter: number;
  readonly valueAfter: number;
}

/** Means over seeds of the head that gives most to the value; undefined where no run came to its end. */
export function headShares(results: readonly RecallResult[]): Shares | undefined {
  const each = results.flatMap(({ example }) => {
    if (example === null) return [];
    const heads = example.heads.map(({ before, after }): Shares => {
      const [weightsBefore, weightsAfter] = [softmax(before), softmax(after)];
      const at = (weights: readonly number[], key: number) => weights[key] as number;
      return {
        matchBefore: at(weightsBefore, example.match),
        valueBefore: at(weightsBefore, example.match + 1),
        matchAfter: at(weightsAfter, example.match),
        valueAfter: at(weightsAfter, example.match + 1),
      };
    });
    return [heads.reduce((best, next) => (next.valueAfter > best.valueAfter ? next : best))];
  });
  if (each.length === 0) return undefined;
  const average = (key: keyof Shares) => mean(each.map((shares) => shares[key]));
  return {
    matchBefore: average('matchBefore'),
    valueBefore: average('valueBefore'),
    matchAfter: average('matchAfter'),
    valueAfter: average('valueAfter'),
  };
}

export function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
