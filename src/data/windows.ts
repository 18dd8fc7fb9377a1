import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/index.ts';

/** Windows of a text. Whoever asked for them disposes both tensors. */
export interface Batch {
  /** int32 [B, T] */
  readonly tokens: tf.Tensor2D;
  /** int32 [B, T]: at each place the token that follows it in the text. */
  readonly targets: tf.Tensor2D;
}

export interface WindowShape {
  /** B, windows in a batch. */
  readonly batchSize: number;
  /** T, tokens in a window. */
  readonly context: number;
}

/**
 * B windows that begin anywhere in `split`, drawn with replacement, each start equally likely. Draws B numbers from the stream.
 * @throws RangeError if the split is shorter than T + 1
 */
export function randomWindows(split: ArrayLike<number>, shape: WindowShape, stream: RandomStream): Batch {
  return windowsAt(split, randomStarts(split, shape, stream), shape.context);
}

/** Where the windows of `randomWindows` begin. */
export function randomStarts(split: ArrayLike<number>, shape: WindowShape, stream: RandomStream): number[] {
  const starts = startCount(split, shape);
  return Array.from({ length: shape.batchSize }, () => stream.integer(starts));
}

/**
 * The same windows at every call, in order: they follow each other without overlap, so that each target counts once. At most
 * T − 1 targets at the end of the split, too few for a window, are left out. The last batch may hold fewer than B windows.
 *
 * @param limit at most so many windows, spread evenly over the split
 * @throws RangeError if the split is shorter than T + 1
 */
export function* evaluationWindows(
  split: ArrayLike<number>,
  shape: WindowShape,
  limit = Number.POSITIVE_INFINITY,
): Generator<Batch, void, undefined> {
  for (const starts of evaluationStarts(split, shape, limit)) yield windowsAt(split, starts, shape.context);
}

/** Where the windows of `evaluationWindows` begin, batch by batch. */
export function* evaluationStarts(
  split: ArrayLike<number>,
  shape: WindowShape,
  limit: number,
): Generator<number[], void, undefined> {
  startCount(split, shape);
  const { batchSize, context } = shape;
  const available = Math.floor((split.length - 1) / context);
  const count = Math.min(available, limit);
  for (let first = 0; first < count; first += batchSize) {
    const size = Math.min(batchSize, count - first);
    yield Array.from({ length: size }, (_, i) => Math.floor(((first + i) * available) / count) * context);
  }
}

/** How many different windows of T + 1 tokens there are. */
function startCount(split: ArrayLike<number>, { context }: WindowShape): number {
  if (split.length < context + 1) {
    throw new RangeError(
      `A window of ${context} tokens and its successor do not fit into ${split.length} tokens.`,
    );
  }
  return split.length - context;
}

function windowsAt(split: ArrayLike<number>, starts: readonly number[], context: number): Batch {
  const tokens = new Int32Array(starts.length * context);
  const targets = new Int32Array(starts.length * context);
  for (const [row, start] of starts.entries()) {
    for (let t = 0; t < context; t++) {
      tokens[row * context + t] = split[start + t] as number;
      targets[row * context + t] = split[start + t + 1] as number;
    }
  }
  const shape: [number, number] = [starts.length, context];
  return { tokens: tf.tensor2d(tokens, shape, 'int32'), targets: tf.tensor2d(targets, shape, 'int32') };
}
