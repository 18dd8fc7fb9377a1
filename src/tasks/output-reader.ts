import { setImmediate } from 'node:timers/promises';
import type * as tf from '@tensorflow/tfjs';
import { compile } from '../compile/index.ts';
import { type ExampleSet, packExamples, type TaskExample } from './examples.ts';
import type { TaskModel } from './task-model.ts';

export interface OutputReader {
  /**
   * The outputs of each example, k numbers. The last batch is filled up with copies of its last example, so that all have the
   * same shape.
   * @throws the signal's reason where it is aborted
   */
  (examples: ExampleSet, signal?: AbortSignal): Promise<Float32Array[]>;
  /** Frees what was compiled; the model remains. */
  dispose(): void;
}

/** The outputs of a model as a function of examples, compiled, with dropout off. */
export function makeOutputReader(task: TaskModel, batchSize: number): OutputReader {
  const outputs = compile((inputs: tf.Tensor2D) => task.outputs(inputs), { name: 'evaluation step' });
  const read = async (examples: ExampleSet, signal?: AbortSignal): Promise<Float32Array[]> => {
    const rows: Float32Array[] = [];
    while (rows.length < examples.size) {
      signal?.throwIfAborted();
      const batch = packExamples(
        Array.from(
          { length: batchSize },
          (_, row): TaskExample => examples.at(Math.min(rows.length + row, examples.size - 1)),
        ),
        task.targetType,
      );
      const computed = outputs(batch.tokens);
      batch.tokens.dispose();
      batch.targets.dispose();
      const values = (await computed.data()) as Float32Array;
      const [, width] = computed.shape;
      computed.dispose();
      const wanted = Math.min(batchSize, examples.size - rows.length);
      for (let row = 0; row < wanted; row++) rows.push(values.slice(row * width, (row + 1) * width));
      await setImmediate(); // some backends read synchronously: let signals and timers in
    }
    return rows;
  };
  return Object.assign(read, { dispose: () => outputs.dispose() });
}
