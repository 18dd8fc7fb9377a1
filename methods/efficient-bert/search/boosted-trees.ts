import type { RandomStream } from '../../../src/random/index.ts';

/** What the authors tune of LightGBM, and what they leave at its defaults. */
export interface BoostingSettings {
  /** Trees. */
  readonly rounds: number;
  readonly learningRate: number;
  /** −1 for no bound. */
  readonly maxDepth: number;
  readonly maxLeaves: number;
  /** Share of the features that each tree sees. */
  readonly featureShare: number;
  /** Share of the rows that trees see, drawn anew every `baggingInterval` trees; 0 trees: always all. */
  readonly baggingShare: number;
  readonly baggingInterval: number;
  /** Of the values of leaves. */
  readonly l1: number;
  readonly l2: number;
  /** Least sum of p(1 − p) in a leaf. */
  readonly minHessian: number;
  readonly minRows: number;
}

/** @returns the probability that features are those of a good one */
export type Classifier = (features: readonly number[]) => number;

type Tree =
  | { readonly value: number }
  | { readonly feature: number; readonly threshold: number; readonly left: Tree; readonly right: Tree };

/**
 * Gradient-boosted trees for two classes: logistic loss, second-order gains, leaves grown best first (Chen and Guestrin,
 * XGBoost, KDD 2016, eq. 2 to 7; Ke et al., LightGBM, NeurIPS 2017). It starts from the base rate, and stays there where no split
 * is allowed.
 */
export function fitBoostedTrees(
  features: readonly (readonly number[])[],
  good: readonly boolean[],
  settings: BoostingSettings,
  stream: RandomStream,
): Classifier {
  const table = new BinnedFeatures(features);
  const rate = good.filter(Boolean).length / good.length;
  const clipped = Math.min(Math.max(rate, 1e-9), 1 - 1e-9); // one class only: a constant
  const start = Math.log(clipped / (1 - clipped));
  const scores = new Float64Array(good.length).fill(start);
  const trees: Tree[] = [];
  let rows = good.map((_, row) => row);
  for (let round = 0; round < settings.rounds; round++) {
    if (settings.baggingInterval > 0 && round % settings.baggingInterval === 0) {
      rows = sample(good.length, settings.baggingShare, stream);
    }
    const slopes = good.map((label, row) => probability(scores[row] as number) - Number(label));
    const hessians = Array.from(scores, (score) => probability(score) * (1 - probability(score)));
    const columns = sample(table.columns.length, settings.featureShare, stream);
    const tree = growTree(rows, columns, { table, slopes, hessians, settings });
    trees.push(tree);
    features.forEach((values, row) => {
      (scores[row] as number) += leafValue(tree, values);
    });
  }
  return (values) => probability(trees.reduce((score, tree) => score + leafValue(tree, values), start));
}

/** Each feature as the ranks of its values, so that a split is a sum over a few bins. */
class BinnedFeatures {
  /** Of features that take more than one value. */
  readonly columns: readonly {
    readonly feature: number;
    readonly values: readonly number[];
    readonly bins: Int32Array;
  }[];

  constructor(rows: readonly (readonly number[])[]) {
    const width = rows[0]?.length ?? 0;
    this.columns = Array.from({ length: width }, (_, feature) => {
      const own = rows.map((row) => row[feature] as number);
      const values = [...new Set(own)].sort((a, b) => a - b);
      const rank = new Map(values.map((value, i) => [value, i]));
      return { feature, values, bins: Int32Array.from(own, (value) => rank.get(value) as number) };
    }).filter(({ values }) => values.length > 1);
  }
}

interface Growth {
  readonly table: BinnedFeatures;
  readonly slopes: readonly number[];
  readonly hessians: readonly number[];
  readonly settings: BoostingSettings;
}

interface Split {
  readonly gain: number;
  readonly column: number;
  /** Rows of this bin and of those before it go left. */
  readonly bin: number;
}

interface Leaf {
  readonly rows: readonly number[];
  readonly depth: number;
  readonly split: Split | undefined;
  children?: readonly [Leaf, Leaf];
}

function growTree(rows: readonly number[], columns: readonly number[], growth: Growth): Tree {
  const { maxDepth, maxLeaves } = growth.settings;
  const leaf = (own: readonly number[], depth: number): Leaf => {
    const mayGrow = maxDepth < 0 || depth < maxDepth;
    return { rows: own, depth, split: mayGrow ? bestSplit(own, columns, growth) : undefined };
  };
  const root = leaf(rows, 0);
  const open = [root];
  for (let leaves = 1; leaves < maxLeaves; leaves++) {
    open.sort((a, b) => (b.split?.gain ?? 0) - (a.split?.gain ?? 0));
    const next = open.shift();
    if (!next?.split) break;
    const { column, bin } = next.split;
    const { bins } = growth.table.columns[column] as BinnedFeatures['columns'][number];
    const goesLeft = (row: number) => (bins[row] as number) <= bin;
    next.children = [
      leaf(next.rows.filter(goesLeft), next.depth + 1),
      leaf(
        next.rows.filter((row) => !goesLeft(row)),
        next.depth + 1,
      ),
    ];
    open.push(...next.children);
  }
  return treeOf(root, growth);
}

function treeOf(leaf: Leaf, growth: Growth): Tree {
  const { settings, table } = growth;
  if (leaf.children && leaf.split) {
    const { feature, values } = table.columns[leaf.split.column] as BinnedFeatures['columns'][number];
    const { bin } = leaf.split;
    const threshold = ((values[bin] as number) + (values[bin + 1] as number)) / 2;
    const [left, right] = leaf.children;
    return { feature, threshold, left: treeOf(left, growth), right: treeOf(right, growth) };
  }
  if (leaf.depth === 0) return { value: 0 }; // no split: the base rate stays
  const { slope, hessian } = sums(leaf.rows, growth);
  return { value: (-settings.learningRate * shrink(slope, settings.l1)) / (hessian + settings.l2) };
}

function bestSplit(rows: readonly number[], columns: readonly number[], growth: Growth): Split | undefined {
  const { table, slopes, hessians, settings } = growth;
  const { minRows, minHessian, l1, l2 } = settings;
  if (rows.length < 2 * minRows) return undefined;
  const total = sums(rows, growth);
  const quality = (slope: number, hessian: number) => shrink(slope, l1) ** 2 / (hessian + l2 + 1e-15);
  const unsplit = quality(total.slope, total.hessian);
  let best: Split | undefined;
  for (const column of columns) {
    const { values, bins } = table.columns[column] as BinnedFeatures['columns'][number];
    const binned = Array.from(values, () => ({ slope: 0, hessian: 0, count: 0 }));
    for (const row of rows) {
      const sum = binned[bins[row] as number] as (typeof binned)[number];
      sum.slope += slopes[row] as number;
      sum.hessian += hessians[row] as number;
      sum.count++;
    }
    let [slope, hessian, count] = [0, 0, 0];
    for (let bin = 0; bin < values.length - 1; bin++) {
      const sum = binned[bin] as (typeof binned)[number];
      slope += sum.slope;
      hessian += sum.hessian;
      count += sum.count;
      if (count < minRows || hessian < minHessian) continue;
      if (rows.length - count < minRows || total.hessian - hessian < minHessian) break;
      const gain = quality(slope, hessian) + quality(total.slope - slope, total.hessian - hessian) - unsplit;
      if (gain > Math.max(best?.gain ?? 0, 1e-12)) best = { gain, column, bin };
    }
  }
  return best;
}

function sums(rows: readonly number[], { slopes, hessians }: Growth): { slope: number; hessian: number } {
  let [slope, hessian] = [0, 0];
  for (const row of rows) {
    slope += slopes[row] as number;
    hessian += hessians[row] as number;
  }
  return { slope, hessian };
}

function leafValue(tree: Tree, values: readonly number[]): number {
  let node = tree;
  while ('left' in node) node = (values[node.feature] as number) <= node.threshold ? node.left : node.right;
  return node.value;
}

/** The optimum of a leaf under an L1 penalty moves towards 0 by it. */
function shrink(slope: number, l1: number): number {
  return Math.sign(slope) * Math.max(0, Math.abs(slope) - l1);
}

function probability(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

/** At least one of `count`, in increasing order. */
function sample(count: number, share: number, stream: RandomStream): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  const wanted = Math.min(count, Math.max(1, Math.round(share * count)));
  for (let i = 0; i < wanted; i++) {
    const j = i + stream.integer(count - i);
    [all[i], all[j]] = [all[j] as number, all[i] as number];
  }
  return all.slice(0, wanted).sort((a, b) => a - b);
}
