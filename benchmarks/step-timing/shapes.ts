export type BertConfig = {
  /** WordPiece tokens. */
  readonly vocabulary: number;
  /** D */
  readonly width: number;
  /** L */
  readonly layers: number;
  /** Between the two maps of the feed-forward network. */
  readonly intermediate: number;
  readonly positions: number;
  /** Token types: first and second sentence. */
  readonly types: number;
};

/** google-bert/bert-base-uncased, config.json. */
export const bertBase: BertConfig = {
  vocabulary: 30522,
  width: 768,
  layers: 12,
  intermediate: 3072,
  positions: 512,
  types: 2,
};

/** bert-large-uncased */
export const bertLarge: BertConfig = { ...bertBase, width: 1024, layers: 24, intermediate: 4096 };

/** Of `bertBase`. */
export const BERT_BASE_PARAMETERS = 109_482_240;

/**
 * Every weight of BERT (Devlin et al. 2019) without a task head, kernels as [in, out]: embeddings of tokens, positions and
 * types with their LayerNorm; in each layer queries, keys, values and output, LayerNorm, the two maps of the feed-forward
 * network, LayerNorm; the pooler. BERT-Base: 199 tensors, 109,482,240 parameters.
 */
export function bertShapes({
  vocabulary,
  width,
  layers,
  intermediate,
  positions,
  types,
}: BertConfig): number[][] {
  const layerNorm = [[width], [width]];
  const linear = (inputs: number, outputs: number) => [[inputs, outputs], [outputs]];
  const layer = [
    ...Array.from({ length: 4 }, () => linear(width, width)).flat(),
    ...layerNorm,
    ...linear(width, intermediate),
    ...linear(intermediate, width),
    ...layerNorm,
  ];
  return [
    [vocabulary, width],
    [positions, width],
    [types, width],
    ...layerNorm,
    ...Array.from({ length: layers }, () => layer).flat(),
    ...linear(width, width),
  ];
}

export function countElements(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + shape.reduce((product, length) => product * length, 1), 0);
}
