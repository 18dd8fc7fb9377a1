import type * as tf from '@tensorflow/tfjs';
import {
  Encoder,
  EncoderBlock,
  InputEmbedding,
  PostNorm,
  SelfAttention,
  TokenEmbedding,
} from '../nn/encoder/index.ts';
import {
  type Initializer,
  LayerNorm,
  Linear,
  Mlp,
  normal,
  type Parameter,
  prefixParameters,
} from '../nn/index.ts';
import type { RandomStreams } from '../random/index.ts';
import { BERT_ACTIVATIONS, type BertConfig, resolveBertConfig } from './bert-config.ts';
import {
  type EncoderModel,
  type EncoderSizes,
  type EncoderStart,
  encoderInitializer,
} from './encoder-model.ts';
import { bertSettings } from './folder/bert-settings.ts';
import {
  inPart,
  type StoredTensor,
  storedAttention,
  storedEmbedding,
  storedInput,
  storedLinear,
  storedNorm,
} from './folder/stored-tensor.ts';

/** BERT without a head (Devlin et al. 2019): as Hugging Face's `BertModel`, to which its folders belong. */
export class Bert implements EncoderModel {
  readonly config: BertConfig;
  readonly encoder: Encoder;
  readonly fit: Linear | undefined; // [H, fitWidth]
  readonly family = 'Bert';
  readonly architecture = 'Model';
  readonly #tokens: TokenEmbedding;
  readonly #blocks: readonly BertBlock[];

  /**
   * @param options what differs from BERT-base
   * @param streams new weights are drawn from `init`, dropout masks from `dropout`
   * @param start of the encoder; `fit` is always drawn
   * @throws UserError for sizes that do not fit together
   */
  constructor(options: Partial<BertConfig>, streams: RandomStreams, start: EncoderStart = 'random') {
    const config = resolveBertConfig(options);
    const { vocabulary, width, positions, segments, epsilon, paddingToken, fitWidth, layers } = config;
    const initializer = encoderInitializer(start, config.initialDeviation);
    this.config = config;
    this.#tokens = new TokenEmbedding({ vocabulary, width, paddingToken, initializer }, streams.init);
    const embedding = new InputEmbedding(
      {
        width,
        tokens: this.#tokens,
        positions,
        segments,
        norm: new LayerNorm(width, epsilon, streams.init),
        initializer,
        dropout: { rate: config.dropout, stream: streams.dropout },
      },
      streams.init,
    );
    this.#blocks = Array.from({ length: layers }, () => createBlock(config, initializer, streams));
    this.encoder = new Encoder(
      embedding,
      this.#blocks.map(({ block }) => block),
    );
    this.fit =
      fitWidth === undefined
        ? undefined
        : new Linear(
            { inputs: width, outputs: fitWidth, initializer: normal(config.initialDeviation) },
            streams.init,
          );
  }

  get sizes(): EncoderSizes {
    return this.config;
  }

  get tokenTable(): tf.Tensor2D {
    return this.#tokens.table.table;
  }

  settings(): Readonly<Record<string, unknown>> {
    return bertSettings(this.config);
  }

  stored(): StoredTensor[] {
    const encoder = [
      storedEmbedding('embeddings.word_embeddings', this.#tokens.table),
      ...storedInput(this.encoder.embedding),
      ...this.#blocks.flatMap(({ attention, attentionNorm, mlp, mlpNorm }, i) => [
        ...storedAttention(`encoder.layer.${i}.attention`, attention),
        ...storedNorm(`encoder.layer.${i}.attention.output.LayerNorm`, attentionNorm),
        ...storedLinear(`encoder.layer.${i}.intermediate.dense`, mlp.expand),
        ...storedLinear(`encoder.layer.${i}.output.dense`, mlp.contract),
        ...storedNorm(`encoder.layer.${i}.output.LayerNorm`, mlpNorm),
      ]),
    ];
    const fit = this.fit ? storedLinear('fit_dense', this.fit) : [];
    return [...inPart('encoder', encoder), ...inPart('fit', fit)];
  }

  /** Named `encoder.embedding.tokens.weight`, `encoder.blocks.0.attention.queryKeyValue.weight`, …, `fit.weight`. */
  parameters(): Parameter[] {
    return [
      ...prefixParameters('encoder', this.encoder),
      ...(this.fit ? prefixParameters('fit', this.fit) : []),
    ];
  }

  dispose(): void {
    this.encoder.dispose();
    this.fit?.dispose();
  }
}

interface BertBlock {
  readonly block: EncoderBlock;
  readonly attention: SelfAttention;
  readonly attentionNorm: LayerNorm;
  readonly mlp: Mlp;
  readonly mlpNorm: LayerNorm;
}

function createBlock(
  config: BertConfig,
  initializer: Initializer,
  { init, dropout: stream }: RandomStreams,
): BertBlock {
  const { width, heads, hidden, epsilon, activation } = config;
  const dropout = { rate: config.dropout, stream };
  const attention = new SelfAttention(
    { width, heads, initializer, dropout: { rate: config.attentionDropout, stream } },
    init,
  );
  const attentionNorm = new LayerNorm(width, epsilon, init);
  const initializers = { expand: initializer, contract: initializer };
  const mlp = new Mlp({ width, hidden, activation: BERT_ACTIVATIONS[activation], initializers }, init);
  const mlpNorm = new LayerNorm(width, epsilon, init);
  const feedForward = new PostNorm({ inner: mlp, norm: mlpNorm, dropout });
  const block = new EncoderBlock({ attention, attentionNorm, feedForward, dropout });
  return { block, attention, attentionNorm, mlp, mlpNorm };
}
