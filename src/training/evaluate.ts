import { setImmediate } from 'node:timers/promises';
import type * as tf from '@tensorflow/tfjs';
import { compile } from '../compile/index.ts';
import type { Batch } from '../data/index.ts';
import type { TrainableModel } from './train-step.ts';

export interface Evaluator {
  /**
   * Mean loss over all targets of all batches, in nats, with dropout off. Disposes the batches.
   * @throws RangeError if there are none
   */
  (batches: Iterable<Batch>): Promise<number>;
  /** Frees what was compiled; the model remains. */
  dispose(): void;
}

/** The validation loss of a model as a function of batches, compiled. */
export function makeEvaluator(model: TrainableModel): Evaluator {
  const lossOf = compile((tokens: tf.Tensor2D, targets: tf.Tensor2D) =>
    model.loss(tokens, targets, { training: false }),
  );
  const evaluate = async (batches: Iterable<Batch>): Promise<number> => {
    let sum = 0;
    let targetCount = 0;
    for (const { tokens, targets } of batches) {
      const loss = lossOf(tokens, targets);
      tokens.dispose();
      targets.dispose();
      sum += ((await loss.data())[0] as number) * targets.size;
      targetCount += targets.size;
      loss.dispose();
      await setImmediate(); // some backends read synchronously: let signals and timers in
    }
    if (targetCount === 0) throw new RangeError('There is nothing to evaluate.');
    return sum / targetCount;
  };
  return Object.assign(evaluate, { dispose: () => lossOf.dispose() });
}
