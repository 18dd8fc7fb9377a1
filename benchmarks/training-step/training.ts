import * as tf from '@tensorflow/tfjs';
import { compile } from '../../src/compile/index.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { AdamW, noDecayOnVectors, type Optimizer } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { type AdamWSettings, type ModelSize, type Task, WEIGHT_SEED } from './task.ts';

/** The initial model: exact GELU, learned positions, tied head, no dropout. */
export function createModel(size: ModelSize): LanguageModel {
  const { vocabulary, width, layers, heads, sequence, epsilon } = size;
  return new LanguageModel(
    { vocabulary, contextLength: sequence, width, layers, heads, epsilon },
    new RandomStreams(WEIGHT_SEED),
  );
}

/** A model in training. */
export interface Training {
  /** One step on the next batch: forward, backward, optimizer. Resolves to the loss, when it is there. */
  step(): Promise<number>;
  dispose(): void;
}

/** @param optimizer ends with the training */
export function createTraining(
  { size, optimizer: settings, windows }: Task,
  captured: boolean,
  optimizer: Optimizer = createAdamW(settings),
): Training {
  const model = createModel(size);
  const batches = windows.map((window) => ({
    tokens: tf.tensor2d(
      window.map((row) => row.slice(0, -1)),
      undefined,
      'int32',
    ),
    targets: tf.tensor2d(
      window.map((row) => row.slice(1)),
      undefined,
      'int32',
    ),
  }));
  const variables = model.parameters().map(({ variable }) => variable);
  const eager = (tokens: tf.Tensor2D, targets: tf.Tensor2D) =>
    optimizer.minimize(() => model.loss(tokens, targets, { training: true }), true, variables) as tf.Scalar;
  const compiled = captured ? compile(eager) : undefined;
  const step = compiled ?? eager;
  let count = 0;
  return {
    async step() {
      const { tokens, targets } = batches[count++ % batches.length] as (typeof batches)[number];
      const loss = step(tokens, targets);
      const [value] = await loss.data();
      loss.dispose();
      return value as number;
    },
    dispose() {
      compiled?.dispose();
      for (const { tokens, targets } of batches) tf.dispose([tokens, targets]);
      optimizer.dispose();
      model.dispose();
    },
  };
}

function createAdamW(settings: AdamWSettings): AdamW {
  return new AdamW({ ...settings, decay: noDecayOnVectors });
}
