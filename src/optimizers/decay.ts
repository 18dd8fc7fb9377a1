import { UserError } from '../errors.ts';

/** Says which variables weight decay shrinks. */
export type DecayMask = (name: string, shape: readonly number[]) => boolean;

/** Every variable decays, as in the authors' code of CAME and in `torch.optim.AdamW`. */
export const decayAll: DecayMask = () => true;

/** Only matrices and larger decay; scalars and vectors (bias, LayerNorm) do not. The usual choice for Transformers. */
export const noDecayOnVectors: DecayMask = (_name, shape) => shape.length >= 2;

const NAMED: Readonly<Record<string, DecayMask>> = { all: decayAll, noDecayOnVectors };

/** The word that stands for a mask in a saved configuration; undefined for a function of the user's. */
export function decayMaskName(mask: DecayMask): string | undefined {
  return Object.keys(NAMED).find((name) => NAMED[name] === mask);
}

/** The mask that a word in a saved configuration stands for. */
export function decayMaskNamed(name: string): DecayMask {
  const mask = NAMED[name];
  if (mask === undefined) {
    throw new UserError(`no decay mask is named '${name}'; known: ${Object.keys(NAMED).join(', ')}`);
  }
  return mask;
}
