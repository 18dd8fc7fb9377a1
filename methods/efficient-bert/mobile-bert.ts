import type * as tf from '@tensorflow/tfjs';
import {
  checkEncoderConfig,
  type EncoderModel,
  type EncoderStart,
  encoderInitializer,
  inPart,
  type StoredTensor,
  storedEmbedding,
  storedInput,
  storedLinear,
  storedNorm,
} from '../../src/bert/index.ts';
import { Encoder, EncoderBlock, InputEmbedding, PostNorm } from '../../src/nn/encoder/index.ts';
import {
  type DropoutOptions,
  type Initializer,
  type Layer,
  Linear,
  Mlp,
  type Parameter,
  prefixParameters,
} from '../../src/nn/index.ts';
import type { RandomStream, RandomStreams } from '../../src/random/index.ts';
import type { MacCounts } from './mac-counts.ts';
import { BottleneckBlock, NoNorm, SharedAttention } from './mobile-bert-block.ts';
import { mobileBertSettings } from './mobile-bert-settings.ts';
import { TrigramEmbedding } from './trigram-embedding.ts';

/** Shape of a MobileBERT-tiny. */
export interface MobileBertConfig {
  readonly vocabulary: number;
  readonly positions: number;
  readonly segments: number;
  /** H, of the states between blocks. */
  readonly width: number;
  /** D, inside the blocks. */
  readonly innerWidth: number;
  readonly embeddingWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** F, of each feed-forward network. */
  readonly hidden: number;
  readonly stackedFfn: number;
  readonly paddingToken: number;
  readonly dropout: number;
  readonly initialDeviation: number;
}

/** As the authors build it, to compare with. */
export const MOBILE_BERT_TINY: MobileBertConfig = {
  vocabulary: 30_522,
  positions: 512,
  segments: 2,
  width: 512,
  innerWidth: 128,
  embeddingWidth: 128,
  layers: 24,
  heads: 4,
  hidden: 512,
  stackedFfn: 2,
  paddingToken: 0,
  dropout: 0.1,
  initialDeviation: 0.02,
};

/** ε of a head's LayerNorm; the encoder has none. */
const EPSILON = 1e-5;

/**
 * MobileBERT-tiny (Sun et al. 2020) in the authors' form, models/mobile_bert.py of cheneydon/efficient-bert@e4b3025: narrow blocks
 * between two maps, queries that are the keys, no LayerNorm but a gain and a bias, ReLU. A baseline, of which no weights are
 * published in this form.
 */
export class MobileBert implements EncoderModel {
  readonly config: MobileBertConfig;
  readonly encoder: Encoder;
  readonly fit = undefined;
  readonly family = 'MobileBertTiny';
  readonly architecture = 'Model';
  readonly #tokens: TrigramEmbedding;
  readonly #layers: readonly MobileBertLayer[];

  /**
   * @param options what differs from MobileBERT-tiny
   * @throws UserError for sizes that do not fit together
   */
  constructor(
    options: Partial<MobileBertConfig>,
    { init, dropout: stream }: RandomStreams,
    start: EncoderStart = 'random',
  ) {
    const config = { ...MOBILE_BERT_TINY, ...options };
    checkSizes(config);
    const { vocabulary, width, embeddingWidth: embedded, positions, segments, paddingToken, layers } = config;
    const initializer = encoderInitializer(start, config.initialDeviation);
    const dropout = { rate: config.dropout, stream };
    this.config = config;
    this.#tokens = new TrigramEmbedding({ vocabulary, embedded, width, paddingToken, initializer }, init);
    const norm = new NoNorm(width, init);
    const embedding = new InputEmbedding(
      { width, tokens: this.#tokens, positions, segments, norm, initializer, dropout },
      init,
    );
    this.#layers = Array.from({ length: layers }, () => createLayer(config, initializer, init, dropout));
    this.encoder = new Encoder(
      embedding,
      this.#layers.map(({ block }) => block),
    );
  }

  get sizes() {
    return { ...this.config, epsilon: EPSILON };
  }

  get tokenTable(): tf.Tensor2D {
    return this.#tokens.tokens.table.table;
  }

  settings(): Readonly<Record<string, unknown>> {
    return mobileBertSettings(this.config);
  }

  stored(): StoredTensor[] {
    return inPart('encoder', [
      storedEmbedding('embeddings.word_embeddings', this.#tokens.tokens.table),
      ...storedLinear('embeddings.embedding_transformation', this.#tokens.dense),
      ...storedInput(this.encoder.embedding),
      ...this.#layers.flatMap((layer, i) => storedLayer(`encoder.layer.${i}`, layer)),
    ]);
  }

  parameters(): Parameter[] {
    return prefixParameters('encoder', this.encoder);
  }

  dispose(): void {
    this.encoder.dispose();
  }
}

/** Products of matrices for one sequence, as `macCounts`; the maps around a block count as its feed-forward part. */
export function mobileBertMacs(config: MobileBertConfig, length: number): MacCounts {
  const { width, innerWidth, embeddingWidth, layers, hidden, stackedFfn } = config;
  const embedding = length * 3 * embeddingWidth * width;
  const attention = layers * (3 * length * innerWidth * innerWidth + 2 * length * length * innerWidth);
  const ffn = layers * 2 * length * innerWidth * (width + stackedFfn * hidden);
  return { embedding, attention, ffn, total: embedding + attention + ffn };
}

function checkSizes(config: MobileBertConfig): void {
  const { positions, segments, width, embeddingWidth, layers, hidden, stackedFfn, dropout } = config;
  const inBlocks = { ...config, width: config.innerWidth, epsilon: EPSILON, attentionDropout: dropout };
  const counts = { positions, segments, 'outer width': width, embeddingWidth, layers, hidden, stackedFfn };
  checkEncoderConfig('MobileBert', inBlocks, counts);
}

interface MobileBertLayer {
  readonly block: BottleneckBlock;
  readonly attention: SharedAttention;
  readonly attentionNorm: NoNorm;
  readonly ffns: readonly { readonly mlp: Mlp; readonly norm: NoNorm; readonly layer: PostNorm }[];
  readonly norm: NoNorm;
}

function createLayer(
  config: MobileBertConfig,
  initializer: Initializer,
  stream: RandomStream,
  dropout: DropoutOptions,
): MobileBertLayer {
  const { width, innerWidth, heads, hidden, stackedFfn } = config;
  const attention = new SharedAttention({ width: innerWidth, heads, initializer, dropout }, stream);
  const attentionNorm = new NoNorm(innerWidth, stream);
  const initializers = { expand: initializer, contract: initializer };
  const ffns = Array.from({ length: stackedFfn }, () => {
    const mlp = new Mlp({ width: innerWidth, hidden, activation: (x) => x.relu(), initializers }, stream);
    const norm = new NoNorm(innerWidth, stream);
    return { mlp, norm, layer: new PostNorm({ inner: mlp, norm, dropout }) };
  });
  const feedForward = inARow(ffns.map(({ layer }) => layer));
  const norm = new NoNorm(width, stream);
  const block = new BottleneckBlock({
    narrow: new Linear({ inputs: width, outputs: innerWidth, initializer }, stream),
    block: new EncoderBlock({ attention, attentionNorm, feedForward, dropout }),
    widen: new Linear({ inputs: innerWidth, outputs: width, initializer }, stream),
    norm,
  });
  return { block, attention, attentionNorm, ffns, norm };
}

function inARow(layers: readonly Layer[]): Layer {
  return {
    apply: (x, options) => layers.reduce<tf.Tensor>((value, layer) => layer.apply(value, options), x),
    parameters: () => layers.flatMap((layer, i) => prefixParameters(String(i), layer)),
    dispose: () => {
      for (const layer of layers) layer.dispose();
    },
  };
}

function storedLayer(name: string, { block, attention, attentionNorm, ffns, norm }: MobileBertLayer) {
  return [
    ...storedLinear(`${name}.bottleneck.input.dense`, block.narrow),
    ...storedLinear(`${name}.attention.self.query_key`, attention.queryKey),
    ...storedLinear(`${name}.attention.self.value`, attention.value),
    ...storedLinear(`${name}.attention.output.dense`, attention.output),
    ...storedNorm(`${name}.attention.output.LayerNorm`, attentionNorm),
    ...ffns.flatMap(({ mlp, norm: ffnNorm }, j) => [
      ...storedLinear(`${name}.ffn.${j}.intermediate.dense`, mlp.expand),
      ...storedLinear(`${name}.ffn.${j}.output.dense`, mlp.contract),
      ...storedNorm(`${name}.ffn.${j}.output.LayerNorm`, ffnNorm),
    ]),
    ...storedLinear(`${name}.output.bottleneck.dense`, block.widen),
    ...storedNorm(`${name}.output.bottleneck.LayerNorm`, norm),
  ];
}
