/** How many parameters a language model has, without making it. */
import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { LanguageTask } from './config.ts';

type Sizes = Pick<LanguageTask, 'width' | 'layers' | 'heads' | 'hiddenWidth' | 'kernelSize'>;

/** Token table and head, L blocks of two LayerNorms, attention and an MLP of 4D, all with biases but the head; a last LayerNorm. */
export function modelParameters(
  { width, layers }: Pick<Sizes, 'width' | 'layers'>,
  vocabulary: number,
): number {
  return 2 * vocabulary * width + layers * (12 * width ** 2 + 13 * width) + 2 * width;
}

/** @param longest rows of learned positions */
export function encodingParameters(name: PositionEncodingName, sizes: Sizes, longest: number): number {
  const { heads, width, layers, hiddenWidth: w, kernelSize } = sizes;
  if (name === 't5') return 32 * heads;
  if (name === 'learned') return longest * width;
  const [, family, base] = /^(?:(c?dape)-)?(.*)$/.exec(name) as unknown as [string, string?, string?];
  const ofBase: Readonly<Record<string, number>> = {
    kerple: 2 * heads,
    'kerple-power': 2 * heads,
    fire: 2 * w + w * heads + heads + 2,
    cope: (width / heads) * 64,
    'transformer-xl': 2 * width + width ** 2,
  };
  const k = family === 'dape' ? 1 : kernelSize;
  const channels = base === 'none' || base === 'rope' ? heads : 2 * heads;
  const convolution = family === undefined ? 0 : channels * w * k + w + w * heads * k + heads;
  return layers * ((ofBase[base as string] ?? 0) + convolution);
}
