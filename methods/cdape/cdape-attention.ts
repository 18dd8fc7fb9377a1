import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import { MultiHeadAttention, ParameterVariable } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import type { Residual } from './cdape.ts';
import { type PositionEncodingName, positionEncoding } from './position-encodings.ts';

/** Plain data: it is stored with the model. */
export interface CdapeAttentionConfig {
  /** H; divides the width of the input. */
  readonly heads: number;
  /** Any encoding of `POSITION_ENCODINGS` that works inside attention. Default `cdape-kerple`. */
  readonly encoding: PositionEncodingName;
  /** Whether a query sees only keys up to itself. Default true. */
  readonly causal: boolean;
  /** k, odd. Default 3. */
  readonly kernelSize: number;
  /** w. Default 32. */
  readonly hiddenWidth: number;
  /** Default `concatResidual`. */
  readonly residual: Residual;
  /** Default false, as in the authors' code. With it, padding behind a sequence changes nothing in it. */
  readonly prefixConsistent: boolean;
  /** For FIRE, and for RoPE beyond it. Default 512. */
  readonly trainingLength: number;
  /** Numbers that randomized positions are drawn from. Default 2048. */
  readonly maxLength: number;
  /** Of the attention weights, while training. Default 0. */
  readonly dropout: number;
  /** Rows at once when not training; 0 is all. Default 0. */
  readonly queryBlock: number;
  /** Initial weights and dropout; the name of the layer is hashed in. Default 0. */
  readonly seed: number;
}

export type CdapeAttentionOptions = Pick<CdapeAttentionConfig, 'heads'> &
  Partial<CdapeAttentionConfig> & { readonly name?: string };

/**
 * Multi-head self-attention with CDAPE for models of `tf.layers`, from [B, T, D] to [B, T, D]:
 *
 *   model.add(new CdapeAttention({ heads: 4 }));
 *
 * Masks from `Embedding({ maskZero: true })` or `Masking` hide keys, also from f, and are passed on. To load a saved model,
 * call `registerCdapeAttention()` first.
 */
export class CdapeAttention extends tf.layers.Layer {
  static readonly className = 'CdapeAttention';
  readonly config: CdapeAttentionConfig;
  #attention: MultiHeadAttention | undefined;

  /** @throws UserError, when built, for sizes that do not fit the input, or an encoding that is not one of attention */
  constructor(options: CdapeAttentionOptions) {
    super({ ...(options.name !== undefined && { name: options.name }) });
    this.config = {
      heads: options.heads,
      encoding: options.encoding ?? 'cdape-kerple',
      causal: options.causal ?? true,
      kernelSize: options.kernelSize ?? 3,
      hiddenWidth: options.hiddenWidth ?? 32,
      residual: options.residual ?? 'concatResidual',
      prefixConsistent: options.prefixConsistent ?? false,
      trainingLength: options.trainingLength ?? 512,
      maxLength: options.maxLength ?? 2048,
      dropout: options.dropout ?? 0,
      queryBlock: options.queryBlock ?? 0,
      seed: options.seed ?? 0,
    };
    this.supportsMasking = true;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const width = shape.at(-1);
    if (shape.length !== 3 || typeof width !== 'number') {
      throw new UserError(
        `CdapeAttention: the input must have shape [B, T, D] with D known, got [${shape}].`,
      );
    }
    const { heads, encoding, causal, seed, dropout } = this.config;
    const streams = {
      init: RandomStream.fromSeed(seed, `${this.name}/init`),
      dropout: RandomStream.fromSeed(seed, `${this.name}/dropout`),
    };
    const { positionEmbedding, process, queryKeyTransform, shared } = positionEncoding(
      encoding,
      { ...this.config, width },
      streams,
    );
    if (positionEmbedding) {
      throw new UserError(
        `CdapeAttention: '${encoding}' is added to the tokens before the first layer, not to attention; take another.`,
      );
    }
    const processor = process?.(0);
    const attention = new MultiHeadAttention(
      {
        width,
        heads,
        causal,
        dropout: { rate: dropout, stream: streams.dropout },
        ...(processor && { process: processor }),
        ...(queryKeyTransform && { queryKeyTransform }),
      },
      streams.init,
    );
    this.#attention = attention;
    for (const parameter of [...attention.parameters(), ...(shared?.parameters() ?? [])]) {
      this._trainableWeights.push(new ParameterVariable(parameter));
    }
    this.built = true;
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    { mask, training }: { mask?: tf.Tensor | tf.Tensor[]; training?: boolean },
  ): tf.Tensor {
    const [x] = Array.isArray(inputs) ? inputs : [inputs];
    const [own] = Array.isArray(mask) ? mask : [mask];
    const { queryBlock } = this.config;
    const attention = this.#attention as MultiHeadAttention; // `apply` has built it
    return tf.tidy(() =>
      attention.apply(x as tf.Tensor, {
        training: training ?? false,
        ...(own && { keyMask: tf.cast(own, 'float32') as tf.Tensor2D }),
        ...(queryBlock > 0 && !training && { queryBlock }),
      }),
    );
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}

/** Makes saved models with `CdapeAttention` loadable. A second call does nothing. */
export function registerCdapeAttention(): void {
  tf.serialization.registerClass(CdapeAttention);
}

function singleShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return Array.isArray(shape[0]) ? (shape[0] as tf.Shape) : (shape as tf.Shape);
}
