import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import { UserError } from '../../src/errors.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';

/** Every position encoding of methods/cdape, as the papers write it. Light: no TensorFlow.js. */
export const encodingTitles: Readonly<Record<PositionEncodingName, string>> = {
  none: 'NoPE',
  learned: 'learned',
  sinusoidal: 'sinusoidal',
  rope: 'RoPE',
  'rope-interpolated': 'RoPE, interpolated',
  'rope-ntk': 'RoPE, NTK-aware',
  'rope-yarn': 'RoPE, YaRN',
  'rope-randomized': 'RoPE, randomized',
  t5: 'T5',
  alibi: 'ALiBi',
  kerple: 'Kerple',
  'kerple-power': 'Kerple, power',
  fire: 'FIRE',
  cope: 'CoPE',
  'transformer-xl': 'Transformer-XL',
  'dape-none': 'DAPE-NoPE',
  'dape-rope': 'DAPE-RoPE',
  'dape-alibi': 'DAPE-ALiBi',
  'dape-kerple': 'DAPE-Kerple',
  'dape-fire': 'DAPE-FIRE',
  'cdape-none': 'CDAPE-NoPE',
  'cdape-rope': 'CDAPE-RoPE',
  'cdape-alibi': 'CDAPE-ALiBi',
  'cdape-kerple': 'CDAPE-Kerple',
  'cdape-fire': 'CDAPE-FIRE',
};

export const encodingNames = Object.keys(encodingTitles) as PositionEncodingName[];

/** What a setting names: a list, or `all`. @throws UserError for an unknown name, or one that stands twice */
export function chosenEncodings(setting: readonly string[]): readonly PositionEncodingName[] {
  if (setting.length === 1 && setting[0] === 'all') return encodingNames;
  for (const [at, name] of setting.entries()) {
    if (!Object.hasOwn(encodingTitles, name)) {
      throw new UserError(
        `encodings: there is no '${name}'.${nearMatches(name, encodingNames)} Known are all, or ${encodingNames.join(', ')}.`,
      );
    }
    if (setting.indexOf(name) !== at) throw new UserError(`encodings: ${name} stands there twice.`);
  }
  return setting as readonly PositionEncodingName[];
}

export function titleOf(encoding: PositionEncodingName): string {
  return encodingTitles[encoding];
}

/** Whether it is the method of the paper: k > 1. */
export function isConvolutional(encoding: PositionEncodingName): boolean {
  return encoding.startsWith('cdape-');
}
