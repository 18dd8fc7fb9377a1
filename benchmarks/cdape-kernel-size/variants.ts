import type { EncodingCell } from '../cdape-training/cells.ts';
import type { KernelSizeConfig } from './config.ts';

/** A form of the convolution; undefined: Kerple alone. */
export interface Variant {
  readonly kernelSize: number;
  readonly hiddenWidth: number;
}

export interface VariantCell extends EncodingCell {
  readonly variant?: Variant;
}

type Sizes = Pick<KernelSizeConfig, 'kernelSizes' | 'hiddenWidths' | 'kernelSize' | 'hiddenWidth'>;

/** Kernel sizes at the given width, then the widths at k = 1 and at the given k; each once. */
export function variantsOf({ kernelSizes, hiddenWidths, kernelSize, hiddenWidth }: Sizes): Variant[] {
  const all = [
    ...kernelSizes.map((k) => ({ kernelSize: k, hiddenWidth })),
    ...[1, kernelSize].flatMap((k) => hiddenWidths.map((w) => ({ kernelSize: k, hiddenWidth: w }))),
  ];
  return all.filter((one, at) => all.findIndex((other) => nameOf(other) === nameOf(one)) === at);
}

export function nameOf(variant: Variant | undefined): string {
  return variant === undefined ? 'kerple' : `k${variant.kernelSize}-w${variant.hiddenWidth}`;
}

export function titleOfVariant(variant: Variant | undefined): string {
  if (variant === undefined) return 'Kerple';
  const { kernelSize, hiddenWidth } = variant;
  return `k ${kernelSize}, w ${hiddenWidth}${kernelSize === 1 ? ' (DAPE)' : ''}`;
}

/** Kerple alone, and every variant, seed by seed. */
export function variantCells(sizes: Sizes, seeds: readonly number[]): VariantCell[] {
  return seeds.flatMap((seed) =>
    [undefined, ...variantsOf(sizes)].map((variant) => variantCell(variant, seed)),
  );
}

export function variantCell(variant: Variant | undefined, seed: number): VariantCell {
  const id = `${nameOf(variant)}-seed${seed}`;
  return variant === undefined
    ? { id, encoding: 'kerple', seed }
    : { id, encoding: 'cdape-kerple', seed, variant };
}
