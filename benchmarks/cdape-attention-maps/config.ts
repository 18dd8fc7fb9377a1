import type { TextFile } from '../../src/data/text-file.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import {
  checkLanguageTask,
  type ExtrapolationConfig,
  presets as extrapolationPresets,
  type LanguageTask,
} from '../cdape-length-extrapolation/config.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';

export type AttentionMapsConfig = LanguageTask & {
  /** Of the table of methods/cdape, or `all`. */
  readonly encodings: readonly string[];
  /** T of the maps, from the start of the validation text; may be more than the training length. */
  readonly mapLength: number;
  /** Which heads are drawn, as `layer.head`, both from 0. All of them are measured. */
  readonly drawn: readonly string[];
  /** The encoding of the claim, and the share of the variance that it needs. */
  readonly method: string;
  readonly contentShare: number;
};

function taskOf({ encodings: _, order: __, orderFactor: ___, ...task }: ExtrapolationConfig): LanguageTask {
  return task;
}

const shared = {
  encodings: ['kerple', 'dape-kerple', 'cdape-kerple', 'cdape-none'],
  mapLength: 48,
  drawn: ['0.0', '1.0', '2.0', '2.1'],
  method: 'cdape-kerple',
  contentShare: 0.2,
};

export const presets: Readonly<Record<Preset, AttentionMapsConfig>> = {
  smoke: {
    ...taskOf(extrapolationPresets.smoke),
    ...shared,
    encodings: ['kerple', 'cdape-kerple'],
    mapLength: 10,
    drawn: ['0.0'],
  },
  laptop: { ...taskOf(extrapolationPresets.laptop), ...shared },
  paper: {
    ...taskOf(extrapolationPresets.paper),
    ...shared,
    mapLength: 128,
    drawn: ['0.0', '5.0', '11.0', '11.6'],
  },
};

export function check(config: AttentionMapsConfig, data: TextFile | undefined): void {
  const encodings = chosenEncodings(config.encodings);
  demand(encodings.length > 0, 'encodings', config.encodings, 'all, or some of them');
  chosenEncodings([config.method]);
  demandCounts(config, ['mapLength']);
  checkLanguageTask(config, data);
  const { drawn, layers, heads, mapLength, contentShare, context, factors } = config;
  for (const name of drawn) {
    const [layer, head] = placeOf(name);
    const there = /^\d+\.\d+$/.test(name) && layer < layers && head < heads;
    demand(there, 'drawn', name, `layer.head of ${layers} layers and ${heads} heads, from 0`);
  }
  const longest = context * Math.max(...factors);
  demand(mapLength <= longest, 'mapLength', mapLength, `at most ${longest}, the longest window`);
  demand(contentShare > 0 && contentShare <= 1, 'contentShare', contentShare, 'above 0 and at most 1');
}

/** Layer and head. */
export function placeOf(name: string): readonly [layer: number, head: number] {
  const [layer, head] = name.split('.').map(Number);
  return [layer ?? Number.NaN, head ?? Number.NaN];
}
