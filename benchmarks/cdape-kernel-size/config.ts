import type { TextFile } from '../../src/data/text-file.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import {
  checkLanguageTask,
  type ExtrapolationConfig,
  presets as extrapolationPresets,
  type LanguageTask,
} from '../cdape-length-extrapolation/config.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';

/** `hiddenWidth` is that of the kernel sizes, `kernelSize` that of the hidden widths. */
export type KernelSizeConfig = LanguageTask & {
  /** k; 1 and `kernelSize` among them. */
  readonly kernelSizes: readonly number[];
  /** w, each with k = 1 and with `kernelSize`. */
  readonly hiddenWidths: readonly number[];
};

function taskOf({ encodings: _, order: __, orderFactor: ___, ...task }: ExtrapolationConfig): LanguageTask {
  return task;
}

export const presets: Readonly<Record<Preset, KernelSizeConfig>> = {
  smoke: { ...taskOf(extrapolationPresets.smoke), kernelSizes: [1, 3], hiddenWidths: [2, 4] },
  laptop: { ...taskOf(extrapolationPresets.laptop), kernelSizes: [1, 3, 5, 7], hiddenWidths: [4, 16, 64] },
  // The paper's ablation was trained on 128 tokens and tested up to 8192.
  paper: {
    ...taskOf(extrapolationPresets.paper),
    context: 128,
    scored: 128,
    factors: [1, 2, 4, 8, 16, 32, 64],
    kernelSizes: [1, 3, 5, 7],
    hiddenWidths: [10, 32, 64],
  },
};

export function check(config: KernelSizeConfig, data: TextFile | undefined): void {
  checkLanguageTask(config, data);
  demandCounts(config, ['kernelSizes', 'hiddenWidths']);
  const { kernelSizes, hiddenWidths, kernelSize } = config;
  demand(
    kernelSizes.every((k) => k % 2 === 1),
    'kernelSizes',
    kernelSizes,
    'odd, so that a kernel has a centre',
  );
  for (const [key, sizes] of Object.entries({ kernelSizes, hiddenWidths }))
    demand(new Set(sizes).size === sizes.length, key, sizes, 'different numbers');
  demand(kernelSize > 1, 'kernelSize', kernelSize, 'above 1, the kernel of DAPE');
  const both = [1, kernelSize].every((k) => kernelSizes.includes(k));
  demand(both, 'kernelSizes', kernelSizes, `such that 1 and ${kernelSize} are among them`);
}
