import { UserError } from '../../src/errors.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';

/** Ways to train the same student. */
export const WAYS = {
  scratch: 'on labels alone',
  task: 'task distillation',
  'warm-up': 'warm-up distillation',
  'warm-up-plain': 'warm-up distillation, plain networks of the same sizes',
} as const;

export type Way = keyof typeof WAYS;

/** Those named, in the order of `WAYS`; all where none is. */
export function chosenWays(names: readonly string[]): Way[] {
  const all = Object.keys(WAYS) as Way[];
  return names.length === 0 ? all : all.filter((way) => names.includes(way));
}

export function checkWays(names: readonly string[]): void {
  const known = Object.keys(WAYS);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError(
    `There is no way ${unknown}.${nearMatches(unknown, known)} Choose from: ${known.join(', ')}.`,
  );
}
