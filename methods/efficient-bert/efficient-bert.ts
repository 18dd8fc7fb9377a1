import type * as tf from '@tensorflow/tfjs';
import {
  type EncoderModel,
  type EncoderSizes,
  type EncoderStart,
  encoderInitializer,
  inPart,
  type StoredTensor,
  storedAttention,
  storedEmbedding,
  storedInput,
  storedLinear,
  storedNorm,
} from '../../src/bert/index.ts';
import {
  Encoder,
  EncoderBlock,
  InputEmbedding,
  SelfAttention,
  TokenEmbedding,
} from '../../src/nn/encoder/index.ts';
import {
  type Initializer,
  LayerNorm,
  Linear,
  normal,
  type Parameter,
  prefixParameters,
} from '../../src/nn/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import { type EfficientBertConfig, resolveEfficientBertConfig } from './model-config.ts';
import { SearchedMlp } from './searched-mlp.ts';
import { efficientBertSettings } from './settings.ts';
import { TrigramEmbedding } from './trigram-embedding.ts';

/**
 * The encoder of EfficientBERT, and of every other architecture in `ARCHITECTURES`: in each layer attention and then the searched
 * feed-forward networks, post-norm, with a factorised or a full embedding. Holds just the weights that it uses.
 */
export class EfficientBert implements EncoderModel {
  readonly config: EfficientBertConfig;
  readonly encoder: Encoder;
  readonly fit: Linear | undefined; // [H, fitWidth]
  readonly family = 'EfficientBert';
  readonly architecture = 'Model';
  readonly #tokens: TokenEmbedding | TrigramEmbedding;
  readonly #layers: readonly EfficientBertLayer[];

  /**
   * @param options what differs from EfficientBERT: `ARCHITECTURES['efficient-bert-tiny']`
   * @param streams new weights are drawn from `init`, dropout masks from `dropout`
   * @param start of the encoder; `fit` is always drawn
   * @throws UserError for sizes or expressions that do not fit together
   */
  constructor(options: Partial<EfficientBertConfig>, streams: RandomStreams, start: EncoderStart = 'random') {
    const config = resolveEfficientBertConfig(options);
    const { width, positions, segments, epsilon, fitWidth, expressions } = config;
    const { init, dropout: stream } = streams;
    const initializer = encoderInitializer(start, config.initialDeviation);
    const dropout = { rate: config.dropout, stream };
    this.config = config;
    this.#tokens = createTokens(config, initializer, streams);
    const norm = new LayerNorm(width, epsilon, init);
    const embedding = new InputEmbedding(
      { width, tokens: this.#tokens, positions, segments, norm, initializer, dropout },
      init,
    );
    this.#layers = expressions.map((expression) => createLayer(expression, config, initializer, streams));
    this.encoder = new Encoder(
      embedding,
      this.#layers.map(({ attention, attentionNorm, mlp }) => {
        return new EncoderBlock({ attention, attentionNorm, feedForward: mlp, dropout });
      }),
    );
    this.fit =
      fitWidth === undefined
        ? undefined
        : new Linear(
            { inputs: width, outputs: fitWidth, initializer: normal(config.initialDeviation) },
            init,
          );
  }

  get sizes(): EncoderSizes {
    return this.config;
  }

  /** [V, E] where the embedding is factorised, else [V, H]. */
  get tokenTable(): tf.Tensor2D {
    const tokens = this.#tokens instanceof TrigramEmbedding ? this.#tokens.tokens : this.#tokens;
    return tokens.table.table;
  }

  settings(): Readonly<Record<string, unknown>> {
    return efficientBertSettings(this.config);
  }

  /** Names as Hugging Face's MobileBERT has them: `encoder.layer.0.ffn.1.intermediate.dense.weight`. */
  stored(): StoredTensor[] {
    const tokens = this.#tokens;
    const table = tokens instanceof TrigramEmbedding ? tokens.tokens.table : tokens.table;
    const encoder = [
      storedEmbedding('embeddings.word_embeddings', table),
      ...(tokens instanceof TrigramEmbedding
        ? storedLinear('embeddings.embedding_transformation', tokens.dense)
        : []),
      ...storedInput(this.encoder.embedding),
      ...this.#layers.flatMap(({ attention, attentionNorm, mlp }, i) => [
        ...storedAttention(`encoder.layer.${i}.attention`, attention),
        ...storedNorm(`encoder.layer.${i}.attention.output.LayerNorm`, attentionNorm),
        ...mlp.ffns.flatMap(({ expand, contract, norm }, j) => [
          ...storedLinear(`encoder.layer.${i}.ffn.${j}.intermediate.dense`, expand),
          ...storedLinear(`encoder.layer.${i}.ffn.${j}.output.dense`, contract),
          ...storedNorm(`encoder.layer.${i}.ffn.${j}.output.LayerNorm`, norm),
        ]),
      ]),
    ];
    const fit = this.fit ? storedLinear('fit_dense', this.fit) : [];
    return [...inPart('encoder', encoder), ...inPart('fit', fit)];
  }

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

interface EfficientBertLayer {
  readonly attention: SelfAttention;
  readonly attentionNorm: LayerNorm;
  readonly mlp: SearchedMlp;
}

function createTokens(
  config: EfficientBertConfig,
  initializer: Initializer,
  { init }: RandomStreams,
): TokenEmbedding | TrigramEmbedding {
  const { vocabulary, width, embeddingWidth: embedded, paddingToken } = config;
  return embedded === undefined
    ? new TokenEmbedding({ vocabulary, width, paddingToken, initializer }, init)
    : new TrigramEmbedding({ vocabulary, embedded, width, paddingToken, initializer }, init);
}

function createLayer(
  expression: string,
  config: EfficientBertConfig,
  initializer: Initializer,
  { init, dropout: stream }: RandomStreams,
): EfficientBertLayer {
  const { width, heads, hidden, widthRule, epsilon, attentionDropout } = config;
  const dropout = { rate: config.dropout, stream };
  return {
    attention: new SelfAttention(
      { width, heads, initializer, dropout: { rate: attentionDropout, stream } },
      init,
    ),
    attentionNorm: new LayerNorm(width, epsilon, init),
    mlp: new SearchedMlp({ expression, width, hidden, widthRule, epsilon, dropout, initializer }, init),
  };
}
