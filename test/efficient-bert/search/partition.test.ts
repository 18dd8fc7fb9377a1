import { describe, expect, it } from 'vitest';
import { fitBoostedTrees } from '../../../methods/efficient-bert/search/boosted-trees.ts';
import { SEARCH_MODES, SEARCH_SETTINGS } from '../../../methods/efficient-bert/search/index.ts';
import {
  fitPartition,
  isOnPath,
  median,
  partitionHeight,
  partitionPath,
} from '../../../methods/efficient-bert/search/partition.ts';
import {
  drawConfigurations,
  errorBar,
  tuneClassifier,
} from '../../../methods/efficient-bert/search/tuned-classifier.ts';
import { UserError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/index.ts';

const BOOSTING = {
  rounds: 40,
  learningRate: 0.3,
  maxDepth: 3,
  maxLeaves: 8,
  featureShare: 1,
  baggingShare: 1,
  baggingInterval: 0,
  l1: 0,
  l2: 1,
  minHessian: 0.1,
  minRows: 1,
};
const stream = (name = 'partition') => RandomStream.fromSeed(0, name);

/** Rows of `width` digits. */
function digits(count: number, width: number, name: string): number[][] {
  const random = stream(name);
  return Array.from({ length: count }, () => Array.from({ length: width }, () => random.integer(4)));
}

describe('fitBoostedTrees', () => {
  it('learns a rule that no single feature shows', () => {
    const rule = ([a = 0, b = 0]: readonly number[]) => a < 2 !== b < 2;
    const x = digits(200, 5, 'train');
    const classifier = fitBoostedTrees(x, x.map(rule), BOOSTING, stream());
    const unseen = digits(200, 5, 'test');
    const right = unseen.filter((row) => classifier(row) >= 0.5 === rule(row)).length;
    expect(right / 200).toBeGreaterThan(0.95);
  });

  it('makes the optimal step of a stump', () => {
    // Two groups, p = ½: slopes ∓½ each, hessians ¼ each; value −lr · G/(H + λ) with G = −1, H = ½, λ = 1.
    const stump = { ...BOOSTING, rounds: 1, maxDepth: 1 };
    const classifier = fitBoostedTrees([[0], [0], [1], [1]], [true, true, false, false], stump, stream());
    const step = (0.3 * 1) / (0.5 + 1);
    expect(classifier([0])).toBeCloseTo(1 / (1 + Math.exp(-step)), 12);
    expect(classifier([1])).toBeCloseTo(1 / (1 + Math.exp(step)), 12);
    // An L1 penalty of 0.4 leaves 0.6 of the slope.
    const penalised = fitBoostedTrees(
      [[0], [0], [1], [1]],
      [true, true, false, false],
      { ...stump, l1: 0.4 },
      stream(),
    );
    expect(penalised([0])).toBeCloseTo(1 / (1 + Math.exp(-0.6 * step)), 12);
  });

  it('stays at the base rate where leaves may not be that small', () => {
    const x = digits(64, 6, 'train');
    const good = x.map((_, i) => i < 40);
    const constant = fitBoostedTrees(x, good, { ...BOOSTING, minRows: 33 }, stream());
    for (const row of x) expect(constant(row)).toBeCloseTo(40 / 64, 12);
    const heavy = fitBoostedTrees(x, good, { ...BOOSTING, minHessian: 10 }, stream());
    expect(heavy(x[0] as number[])).toBeCloseTo(40 / 64, 12);
  });

  it('is the same for the same stream, and takes its shares of rows and features from it', () => {
    const x = digits(80, 6, 'train');
    const good = x.map(([a = 0, b = 0]) => a + b > 2);
    const shares = { ...BOOSTING, featureShare: 0.5, baggingShare: 0.6, baggingInterval: 5 };
    const values = (name: string) => {
      const classifier = fitBoostedTrees(x, good, shares, stream(name));
      return x.map(classifier);
    };
    expect(values('a')).toEqual(values('a'));
    expect(values('a')).not.toEqual(values('b'));
  });

  it('of one class only is sure of it', () => {
    const classifier = fitBoostedTrees([[0], [1], [2]], [true, true, true], BOOSTING, stream());
    expect(classifier([1])).toBeGreaterThan(0.999);
  });
});

describe('tuneClassifier', () => {
  const x = digits(100, 6, 'tuning');
  const good = x.map(([a = 0, b = 0]) => a + b > 2);

  it('finds one with skill, and nothing where there is nothing to learn', () => {
    const tuned = tuneClassifier(x, good, SEARCH_MODES.mended.tuning, stream());
    expect(tuned?.validationError).toBeLessThan(0.2);
    const constantFeatures = x.map(() => [1, 2, 3]);
    expect(tuneClassifier(constantFeatures, good, SEARCH_MODES.mended.tuning, stream())).toBeUndefined();
  });

  it('tries the same ten configurations each time in faithful mode (their tuner never leaves its random start)', () => {
    const { faithful, mended } = SEARCH_MODES;
    const first = drawConfigurations(faithful.tuning, stream('a'));
    expect(first).toHaveLength(10);
    expect(drawConfigurations(faithful.tuning, stream('b'))).toEqual(first);
    expect(drawConfigurations(mended.tuning, stream('a'))).not.toEqual(
      drawConfigurations(mended.tuning, stream('b')),
    );
    for (const { learningRate, maxLeaves, featureShare, baggingShare, l1, minHessian, minRows } of first) {
      expect(learningRate).toBeGreaterThanOrEqual(0.01);
      expect(learningRate).toBeLessThanOrEqual(0.5);
      expect(maxLeaves).toBeGreaterThanOrEqual(10);
      expect(maxLeaves).toBeLessThanOrEqual(200);
      for (const share of [featureShare, baggingShare]) expect([0.5, 0.6, 0.7, 0.8, 0.9, 1]).toContain(share);
      expect(l1).toBeLessThan(2);
      expect(minHessian).toBeGreaterThanOrEqual(0.5);
      expect(minRows).toBe(20);
    }
  });

  it('is a constant after the authors’ first 80 where no leaf of 20 rows and enough weight can be split off', () => {
    // At most 64/4 = 16 of hessian: no split with a least hessian above 8, and few below it.
    const rows = x.slice(0, 80);
    const strict = { ...SEARCH_MODES.faithful.tuning, minHessian: [9, 10] as const };
    const constant = tuneClassifier(
      rows,
      rows.map((_, i) => i % 3 > 0),
      strict,
      stream(),
    );
    expect(new Set(rows.map((row) => constant?.classifier(row))).size).toBe(1);
  });

  it('has a bar for the validation error that rises from the hundredth trial on', () => {
    expect([0, 100, 600, 1100].map(errorBar)).toEqual([0.5, 0.5, 0.65, 0.8]);
  });
});

describe('the partition', () => {
  const learn = () => () => 1;

  it('has more levels for more scores', () => {
    const height = (scores: number) => partitionHeight(scores, SEARCH_SETTINGS.partitionBounds);
    expect([80, 400, 401, 800, 801, 1601, 3201].map(height)).toEqual([1, 1, 2, 2, 3, 4, 5]);
  });

  it('divides at the median: golden values', () => {
    const scores = [0.1, 0.2, 0.3, 0.4];
    const root = fitPartition(
      scores.map((y) => [y]),
      scores,
      { height: 1, equalScores: 'fail', learn },
    );
    expect(root.value).toBeCloseTo(0.25, 12);
    expect(root.children?.left.value).toBeCloseTo(0.35, 12);
    expect(root.children?.right.value).toBeCloseTo(0.15, 12);
    expect(root.threshold).toBe(root.children?.right.value);
    expect(partitionPath(root).map(({ side }) => side)).toEqual(['left']);
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });

  it('always goes left, and takes what every classifier on the way calls good', () => {
    const random = stream('scores');
    const scores = Array.from({ length: 64 }, () => random.uniform());
    // Level by level: good where the first, second, third feature is 1.
    let level = 0;
    const root = fitPartition(
      scores.map((y) => [y]),
      scores,
      {
        height: 3,
        equalScores: 'fail',
        learn: () => {
          const own = level++;
          return (features) => features[own] ?? 0;
        },
      },
    );
    const path = partitionPath(root);
    expect(path.map(({ side }) => side)).toEqual(['left', 'left', 'left']);
    expect(isOnPath(path, [1, 1, 1])).toBe(true);
    expect(isOnPath(path, [0.5, 0.5, 0.5])).toBe(true);
    expect(isOnPath(path, [1, 1, 0.49])).toBe(false);
    expect(isOnPath(path, [0, 1, 1])).toBe(false);
    expect(isOnPath([{ ...(path[0] as (typeof path)[0]), side: 'right' }], [0])).toBe(true);
  });

  it('ends with an error for equal scores in faithful mode; else it is a leaf that takes everything', () => {
    const x = [[1], [2], [3], [4]];
    const options = { height: 1, learn } as const;
    for (const scores of [
      [1, 1, 1, 1],
      [0, 0, 0, 1],
    ])
      expect(() => fitPartition(x, scores, { ...options, equalScores: 'fail' })).toThrow(UserError);
    const leaf = fitPartition(x, [1, 1, 1, 1], { ...options, equalScores: 'leaf' });
    expect(partitionPath(leaf)).toEqual([]);
    expect(isOnPath(partitionPath(leaf), [9])).toBe(true);
    // Many failures: better is what is above the median of 0.
    let seen: readonly boolean[] = [];
    fitPartition(x, [0, 0, 0, 1], {
      height: 1,
      equalScores: 'leaf',
      learn: (_, good) => {
        seen = good;
        return undefined;
      },
    });
    expect(seen).toEqual([false, false, false, true]);
  });
});
