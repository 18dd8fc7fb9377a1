import * as tf from '@tensorflow/tfjs';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import type { MemoryCell, MemoryResult, OptimizerMemoryConfig } from './config.ts';
import { makeOptimizer } from './contestants.ts';
import { models } from './models.ts';

export function startCells({
  config,
  progress,
}: CellContext<OptimizerMemoryConfig>): CellRunner<MemoryCell, MemoryResult> {
  progress.expect(1);
  return {
    async run({ id }) {
      const result = await measure(id, config.model);
      progress.advance({ label: id });
      return result;
    },
    dispose() {},
  };
}

/** Two steps over the model's weights: the first makes the state, the second is watched. */
async function measure(id: MemoryCell['id'], model: string): Promise<MemoryResult> {
  const optimizer = makeOptimizer[id]();
  const shapes = models[model]?.variables ?? [];
  const start = tf.memory().numBytes;
  const variables = shapes.map(({ name, shape }) =>
    tf.tidy(() => tf.variable(tf.fill([...shape], 0.01), true, name)),
  );
  const weightBytes = tf.memory().numBytes - start;
  const gradients = Object.fromEntries(
    variables.map((variable) => [variable.name, tf.fill(variable.shape, 1e-3)]),
  );
  const gradientBytes = tf.memory().numBytes - start - weightBytes;
  try {
    optimizer.applyGradients(gradients);
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      optimizer.applyGradients(gradients);
      return undefined as unknown as tf.Tensor;
    });
    return {
      parameters: variables.reduce((sum, { size }) => sum + size, 0),
      weightBytes,
      gradientBytes,
      stateBytes: before - start - weightBytes - gradientBytes,
      transientBytes: peakBytes - before,
      computed: Object.fromEntries(
        Object.entries(models).map(([name, { variables: all }]) => [name, optimizer.stateBytesFor(all)]),
      ),
    };
  } finally {
    optimizer.dispose();
    tf.dispose([variables, gradients]);
  }
}
