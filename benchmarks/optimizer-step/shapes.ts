import type { BertConfig } from './config.ts';

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
