import { UserError } from '../../../src/errors.ts';
import type { Classifier } from './boosted-trees.ts';

/**
 * The learned partition of the action space, after the authors' LaNAS-like tree: each node divides what has been tried at the
 * median of its scores and learns to tell the better half from its features.
 */
export interface PartitionNode {
  /** Median of the scores. */
  readonly value: number;
  /** Value of the worse half, or of the node itself where it has none. */
  readonly threshold: number;
  readonly children?: PartitionChildren;
}

export interface PartitionChildren {
  /** Undefined: every candidate may be in either half. */
  readonly classifier: Classifier | undefined;
  /** Scores of at least the median. */
  readonly left: PartitionNode;
  readonly right: PartitionNode;
}

/** A node of the way to the leaf from which candidates are taken, and the half in which it goes on. */
export interface PartitionStep {
  readonly node: PartitionNode & { readonly children: PartitionChildren };
  readonly side: 'left' | 'right';
}

/** Levels of the tree for this many scores: 1 up to the first bound, 2 up to the second, … */
export function partitionHeight(scores: number, bounds: readonly number[]): number {
  return 1 + bounds.filter((bound) => bound < scores).length;
}

export interface PartitionOptions {
  readonly height: number;
  /**
   * Where no score is below the median, the authors' code ends with an error; else the better half is what is above the
   * median, and where all are equal the node is a leaf.
   */
  readonly equalScores: 'fail' | 'leaf';
  readonly learn: (
    features: readonly (readonly number[])[],
    good: readonly boolean[],
  ) => Classifier | undefined;
}

/** @throws UserError for equal scores, where the authors' code fails as well */
export function fitPartition(
  features: readonly (readonly number[])[],
  scores: readonly number[],
  options: PartitionOptions,
): PartitionNode {
  const { height, equalScores, learn } = options;
  const value = median(scores);
  if (height === 0) return { value, threshold: value };
  let good = scores.map((score) => score >= value);
  if (good.every(Boolean) && equalScores === 'leaf') {
    good = scores.map((score) => score > value); // the median is the lowest score: better is what is above it
    if (!good.some(Boolean)) return { value, threshold: value };
  }
  if (good.every(Boolean)) {
    throw new UserError(
      `None of ${scores.length} scores is below their median ${value}: the faithful search, like the authors', ends here. ` +
        'Search without --faithful, or try more candidates before the partition is learned.',
    );
  }
  const classifier = learn(features, good);
  const half = (wanted: boolean) => {
    const own = good.flatMap((isGood, i) => (isGood === wanted ? [i] : []));
    return fitPartition(
      own.map((i) => features[i] as readonly number[]),
      own.map((i) => scores[i] as number),
      { ...options, height: height - 1 },
    );
  };
  const [left, right] = [half(true), half(false)];
  return { value, threshold: right.value, children: { classifier, left, right } };
}

/**
 * The way from the root to the leaf of the highest value above its parent's threshold. As the threshold is the value of the
 * right half, which is never the better one, the way always goes left; that it says "ucb" in the authors' code changes nothing.
 */
export function partitionPath(root: PartitionNode): PartitionStep[] {
  const path: PartitionStep[] = [];
  let node = root;
  while (node.children) {
    const { left, right } = node.children;
    const side = left.value - node.threshold >= right.value - node.threshold ? 'left' : 'right';
    path.push({ node: { ...node, children: node.children }, side });
    node = node.children[side];
  }
  return path;
}

/** Whether every classifier on the way puts the features into the half in which the way goes on. */
export function isOnPath(path: readonly PartitionStep[], features: readonly number[]): boolean {
  return path.every(({ node: { children }, side }) => {
    if (!children.classifier) return true;
    const good = children.classifier(features) >= 0.5;
    return good === (side === 'left');
  });
}

/** The mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] as number;
  return Number.isInteger(middle) ? ((sorted[middle - 1] as number) + upper) / 2 : upper;
}
