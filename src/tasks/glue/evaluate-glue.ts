import { type GlueScores, type GlueTask, glueScores } from '../../data/glue/index.ts';
import { crossEntropyOf } from '../cross-entropy-of.ts';
import type { Evaluation } from '../fine-tune.ts';

export interface GlueEvaluation extends Evaluation, GlueScores {
  /** Id of the class, or the score, of each example. */
  readonly predictions: readonly number[];
}

/**
 * What a model's outputs are worth.
 *
 * @param outputs of each example: logits of the classes, or the score
 * @param labels of each example
 * @param batchSize averages the metrics over batches, as EfficientBERT's authors do; default over the whole set
 */
export function evaluateGlue(
  task: GlueTask,
  outputs: readonly ArrayLike<number>[],
  labels: readonly number[],
  batchSize?: number,
): GlueEvaluation {
  const predictions = outputs.map((row) => gluePrediction(task, row));
  const losses = outputs.map((row, i) => lossOf(task, row, labels[i] as number));
  return {
    ...glueScores(task, predictions, labels, batchSize),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    predictions,
  };
}

/** The first of the classes with the largest logit, or the score. */
export function gluePrediction({ classes }: GlueTask, outputs: ArrayLike<number>): number {
  if (classes === null) return outputs[0] as number;
  let best = 0;
  for (let id = 1; id < outputs.length; id++) {
    if ((outputs[id] as number) > (outputs[best] as number)) best = id;
  }
  return best;
}

/** Cross-entropy in nats, or the squared error. */
function lossOf({ classes }: GlueTask, outputs: ArrayLike<number>, label: number): number {
  if (classes === null) return ((outputs[0] as number) - label) ** 2;
  return crossEntropyOf(outputs, label);
}
