import type { AttentionCostConfig } from './config.ts';

type Sizes = Pick<AttentionCostConfig, 'width' | 'heads' | 'hiddenWidth' | 'kernelSize'>;

/** Multiply-adds for one query and key in one layer, forward: scores and values, and the two convolutions of DAPE or CDAPE. */
export function multiplyAdds(
  encoding: string,
  { width, heads, hiddenWidth, kernelSize }: Sizes,
): { readonly attention: number; readonly convolution: number } {
  const [, family, base] = /^(?:(c?dape)-)?(.*)$/.exec(encoding) as unknown as [string, string?, string?];
  if (family === undefined) return { attention: 2 * width, convolution: 0 };
  const channels = base === 'none' || base === 'rope' ? heads : 2 * heads;
  const k = family === 'dape' ? 1 : kernelSize;
  return { attention: 2 * width, convolution: (channels + heads) * hiddenWidth * k };
}

/** In a training step, for all pairs of the square; backward counts twice. Half of it is what a causal model needs. */
export function stepOperations(
  multiplyAddsPerPair: number,
  length: number,
  { layers, batchSize }: Pick<AttentionCostConfig, 'layers' | 'batchSize'>,
): number {
  return 3 * 2 * multiplyAddsPerPair * layers * batchSize * length ** 2;
}

/** Bytes in float32, for one sequence and layer, of what the authors' rule holds: scores, input of f, hidden map (held twice). */
export function mapBytes(
  encoding: string,
  length: number,
  { heads, hiddenWidth }: Pick<Sizes, 'heads' | 'hiddenWidth'>,
): { readonly scores: number; readonly input: number; readonly hidden: number } {
  const channels = encoding.endsWith('-none') || encoding.endsWith('-rope') ? heads : 2 * heads;
  const [scores, input, hidden] = [heads, channels, hiddenWidth].map((maps) => 4 * maps * length ** 2);
  return { scores, input, hidden } as { scores: number; input: number; hidden: number };
}
