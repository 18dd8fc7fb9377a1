import * as tf from '@tensorflow/tfjs';
import type { PositionEncoding } from '../../methods/cdape/index.ts';
import { PostNorm } from '../../src/nn/encoder/post-norm.ts';
import {
  Embedding,
  LayerNorm,
  Linear,
  Mlp,
  MultiHeadAttention,
  type Parameter,
  prefixParameters,
  truncatedNormal,
} from '../../src/nn/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import type { SequenceModel } from '../cdape-training/last-positions.ts';
import type { FormalConfig } from './config.ts';

/** As PyTorch and Haiku. */
const EPSILON = 1e-5;

type Shape = Pick<FormalConfig, 'width' | 'layers' | 'heads' | 'causal' | 'dropout'> & {
  /** Classes that the model sees, and those that it tells apart. */
  readonly inputs: number;
  readonly outputs: number;
};

/**
 * The Transformer of google-deepmind/neural_networks_chomsky_hierarchy: embeddings times √D, post-norm blocks with attention in both
 * directions whose projections have no biases, an MLP of 4D with ReLU, no last norm, a head with a bias. Kernels N(0, 1/fan-in) cut off
 * at two deviations.
 */
export class FormalEncoder implements SequenceModel {
  readonly #embedding: Embedding; // [inputs, D]
  readonly #blocks: readonly PostNorm[]; // attention, MLP, attention, …
  readonly #head: Linear; // [D, outputs]
  readonly #encoding: PositionEncoding;
  readonly #width: number;

  /** @param encoding owned from now on */
  constructor(shape: Shape, encoding: PositionEncoding, streams: RandomStreams) {
    const { width, layers, inputs, outputs } = shape;
    const { init } = streams;
    this.#width = width;
    this.#encoding = encoding;
    this.#embedding = new Embedding({ rows: inputs, width, initializer: truncatedNormal(0.02) }, init);
    this.#blocks = Array.from({ length: layers }, (_, layer) =>
      blocksOf(shape, encoding, streams, layer),
    ).flat();
    this.#head = new Linear({ inputs: width, outputs, initializer: fanIn(width) }, init);
  }

  logits(tokens: tf.Tensor2D, options: { readonly training?: boolean } = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const embedded = tf.mul(this.#embedding.apply(tokens), Math.sqrt(this.#width));
      const positions = this.#encoding.positionEmbedding?.(0, tokens.shape[1]);
      let x: tf.Tensor = positions ? tf.add(embedded, positions) : embedded; // [B, T, D]
      for (const block of this.#blocks) x = block.apply(x, options);
      return this.#head.apply(x) as tf.Tensor3D;
    });
  }

  parameters(): Parameter[] {
    const { positionEmbedding, shared } = this.#encoding;
    return [
      ...prefixParameters('embedding', this.#embedding),
      ...prefixParameters('positions', { parameters: () => positionEmbedding?.parameters?.() ?? [] }),
      ...(shared ? prefixParameters('shared', shared) : []),
      ...this.#blocks.flatMap((block, at) => prefixParameters(`blocks.${at}`, block)),
      ...prefixParameters('head', this.#head),
    ];
  }

  dispose(): void {
    for (const part of [this.#embedding, ...this.#blocks, this.#head]) part.dispose();
    this.#encoding.positionEmbedding?.dispose?.();
    this.#encoding.shared?.dispose();
  }
}

/** Attention, then MLP. */
function blocksOf(
  { width, heads, causal, dropout: rate }: Shape,
  encoding: PositionEncoding,
  { init, dropout: stream }: RandomStreams,
  layer: number,
): PostNorm[] {
  const { queryKeyTransform } = encoding;
  const process = encoding.process?.(layer);
  const [inner, last] = [fanIn(width), fanIn(4 * width)];
  const attention = new MultiHeadAttention(
    {
      width,
      heads,
      causal,
      layer,
      bias: false,
      ...(process && { process }),
      ...(queryKeyTransform && { queryKeyTransform }),
      initializers: { queryKeyValue: inner, output: inner },
    },
    init,
  );
  const initializers = { expand: inner, contract: last };
  const mlp = new Mlp({ width, hidden: 4 * width, activation: tf.relu, initializers }, init);
  return [attention, mlp].map(
    (part) =>
      new PostNorm({ inner: part, norm: new LayerNorm(width, EPSILON, init), dropout: { rate, stream } }),
  );
}

function fanIn(inputs: number) {
  return truncatedNormal(1 / Math.sqrt(inputs));
}
