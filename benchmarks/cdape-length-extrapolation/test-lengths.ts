import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { compile } from '../../src/compile/index.ts';
import type { Corpus } from '../../src/data/index.ts';
import { type ScoringProtocol, scoredBatches, scoredWindows } from '../../src/data/scored-windows.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { crossEntropy, type LanguageModel } from '../../src/nn/index.ts';
import { type LanguageTask, longestOf } from './config.ts';
import type { LengthTest } from './result.ts';

/** Tokens in a batch, about. */
const batchTokens = 4096;

export async function testLengths(
  model: LanguageModel,
  config: LanguageTask,
  { validation }: Pick<Corpus, 'validation'>,
  signal: AbortSignal,
): Promise<LengthTest[]> {
  const { context, factors, queryBlock, scored, windows } = config;
  const lossOf = compile(
    (tokens: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar => lastLoss(model, tokens, targets, queryBlock),
    { name: 'loss of the last tokens' },
  );
  const shared = {
    protocol: config.protocol as ScoringProtocol,
    longest: longestOf(config),
    scored,
    windows,
  };
  const tests: LengthTest[] = [];
  try {
    for (const factor of factors) {
      const length = factor * context;
      const places = scoredWindows(validation.length, { ...shared, length });
      let [sum, count] = [0, 0];
      for (const { tokens, targets } of scoredBatches(validation, places, Math.ceil(batchTokens / length))) {
        if (signal.aborted) throw new Interrupted();
        const loss = lossOf(tokens, targets);
        sum += ((await loss.data())[0] as number) * targets.size;
        count += targets.size;
        for (const tensor of [loss, tokens, targets]) tensor.dispose();
        await setImmediate(); // some backends read synchronously: let signals in
      }
      tests.push({ length, loss: Number.isFinite(sum) ? sum / count : null, tokens: count });
    }
    return tests;
  } finally {
    lossOf.dispose();
  }
}

/** Mean cross-entropy of the targets int32 [B, n], those of the last n tokens. */
function lastLoss(
  model: LanguageModel,
  tokens: tf.Tensor2D,
  targets: tf.Tensor2D,
  queryBlock: number,
): tf.Scalar {
  return tf.tidy(() => {
    const logits = model.logits(tokens, { queryBlock }); // [B, T, V]
    const [batch, length, vocabulary] = logits.shape;
    const n = targets.shape[1];
    const last = logits.slice([0, length - n, 0], [batch, n, vocabulary]).reshape([batch * n, vocabulary]);
    return crossEntropy(last as tf.Tensor2D, targets.reshape([targets.size]) as tf.Tensor1D);
  });
}
