import { sampleCorrelation } from 'simple-statistics';
import type { GlueMetric, GlueTask } from './tasks.ts';

/** Share of predictions that are right. */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  return predictions.filter((prediction, i) => prediction === labels[i]).length / predictions.length;
}

/** F1 of class 1; 0 where it is neither predicted nor there. */
export function f1(predictions: readonly number[], labels: readonly number[]): number {
  const { truePositive, falsePositive, falseNegative } = confusion(predictions, labels);
  const denominator = 2 * truePositive + falsePositive + falseNegative;
  return denominator === 0 ? 0 : (2 * truePositive) / denominator;
}

/** Matthews' correlation of two classes; 0 where one side has one class only, as in scikit-learn. */
export function matthews(predictions: readonly number[], labels: readonly number[]): number {
  const { truePositive, trueNegative, falsePositive, falseNegative } = confusion(predictions, labels);
  const product =
    (truePositive + falsePositive) *
    (truePositive + falseNegative) *
    (trueNegative + falsePositive) *
    (trueNegative + falseNegative);
  if (product === 0) return 0;
  return (truePositive * trueNegative - falsePositive * falseNegative) / Math.sqrt(product);
}

/** Pearson's correlation; 0 where one side is constant. */
export function pearson(predictions: readonly number[], labels: readonly number[]): number {
  const correlation = sampleCorrelation([...predictions], [...labels]);
  return Number.isFinite(correlation) ? correlation : 0;
}

/** Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs. */
export function spearman(predictions: readonly number[], labels: readonly number[]): number {
  return pearson(ranks(predictions), ranks(labels));
}

const METRICS: Readonly<Record<GlueMetric, typeof accuracy>> = { accuracy, f1, matthews, pearson, spearman };

export interface GlueScores {
  readonly metrics: Readonly<Partial<Record<GlueMetric, number>>>;
  /** Mean of the task's metrics: what the best checkpoint is chosen by. */
  readonly selection: number;
}

/**
 * The metrics of a task over the whole set. With `batchSize` they are taken batch by batch and averaged with the batches' sizes,
 * as the authors of EfficientBERT do: another number for all but accuracy, for comparisons with theirs only.
 */
export function glueScores(
  task: GlueTask,
  predictions: readonly number[],
  labels: readonly number[],
  batchSize = predictions.length,
): GlueScores {
  if (predictions.length !== labels.length || predictions.length === 0) {
    throw new RangeError(`${predictions.length} predictions for ${labels.length} labels`);
  }
  const metrics: Partial<Record<GlueMetric, number>> = {};
  for (const name of task.metrics) {
    let sum = 0;
    for (let at = 0; at < predictions.length; at += batchSize) {
      const batch = predictions.slice(at, at + batchSize);
      sum += METRICS[name](batch, labels.slice(at, at + batchSize)) * batch.length;
    }
    metrics[name] = sum / predictions.length;
  }
  const values = Object.values(metrics);
  return { metrics, selection: values.reduce((sum, value) => sum + value, 0) / values.length };
}

function confusion(predictions: readonly number[], labels: readonly number[]) {
  const count = (prediction: number, label: number) =>
    predictions.filter((value, i) => value === prediction && labels[i] === label).length;
  return {
    truePositive: count(1, 1),
    trueNegative: count(0, 0),
    falsePositive: count(1, 0),
    falseNegative: count(0, 1),
  };
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const result = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let k = from; k < to; k++) result[order[k] as number] = (from + to - 1) / 2 + 1;
    from = to;
  }
  return result;
}
