import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { RandomStream } from '../random/index.ts';
import { KeyValueCache } from './key-value-cache.ts';
import type { LanguageModel } from './language-model.ts';

export interface GenerateOptions {
  /** How many tokens to add. */
  readonly tokens: number;
  /** Scores are divided by it: below 1 the likely tokens gain, 0 always takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** Only the k likeliest tokens are drawn from. Default all. */
  readonly topK?: number;
  /** The same seed draws the same tokens. Default 0. */
  readonly seed?: number;
  /** Whether keys and values are kept, instead of computing the whole sequence again for each token. Default true. */
  readonly cache?: boolean;
}

/**
 * Continues a text, token by token, each drawn from what the model says of the next.
 *
 * @param prompt at least one token
 * @returns the new tokens
 * @throws UserError for an empty prompt, or options out of their range; and what the model throws for sequences too long
 */
export async function generate(
  model: LanguageModel,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  const { tokens: count, temperature = 1, topK = model.config.vocabulary, seed = 0 } = options;
  checkOptions(prompt, { count, temperature, topK });
  const stream = RandomStream.fromSeed(seed, 'generate');
  const capacity = prompt.length + count;
  const cache =
    (options.cache ?? true) ? new KeyValueCache({ layers: model.config.layers, capacity }) : undefined;
  const sequence = [...prompt];
  try {
    while (sequence.length < capacity) {
      const logits = lastLogits(model, sequence, cache);
      const scores = await logits.data();
      logits.dispose();
      sequence.push(drawToken(scores, temperature, topK, stream));
    }
  } finally {
    cache?.dispose();
  }
  return sequence.slice(prompt.length);
}

/** [V], after the last token. */
function lastLogits(model: LanguageModel, sequence: readonly number[], cache: KeyValueCache | undefined) {
  return tf.tidy(() => {
    const unseen = sequence.slice(cache?.length ?? 0);
    const tokens = tf.tensor2d(unseen, [1, unseen.length], 'int32');
    const logits = model.logits(tokens, cache && { cache });
    const { vocabulary } = model.config;
    return logits.slice([0, unseen.length - 1, 0], [1, 1, vocabulary]).reshape([vocabulary]);
  });
}

/** In float64 on the host: softmax over the k largest scores / temperature, and one draw from it. */
function drawToken(
  scores: ArrayLike<number>,
  temperature: number,
  topK: number,
  stream: RandomStream,
): number {
  const likeliest = Array.from(scores, (score, token) => ({ score, token }))
    .sort((a, b) => b.score - a.score || a.token - b.token)
    .slice(0, topK);
  const [best] = likeliest as [{ score: number; token: number }];
  if (temperature === 0) return best.token;
  const weights = likeliest.map(({ score }) => Math.exp((score - best.score) / temperature));
  let rest = stream.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return likeliest[drawn]?.token ?? best.token; // rounding may leave a rest of 0
}

function checkOptions(
  prompt: readonly number[],
  { count, temperature, topK }: { count: number; temperature: number; topK: number },
): void {
  if (prompt.length === 0) throw new UserError('generate: the prompt is empty; give it at least one token.');
  if (!Number.isSafeInteger(count) || count < 1)
    throw new UserError(`generate: tokens must be a positive integer, got ${count}.`);
  if (!(temperature >= 0) || temperature === Number.POSITIVE_INFINITY)
    throw new UserError(`generate: temperature must be a number from 0, got ${temperature}.`);
  if (!Number.isSafeInteger(topK) || topK < 1)
    throw new UserError(`generate: topK must be a positive integer, got ${topK}.`);
}
