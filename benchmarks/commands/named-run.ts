import { existsSync } from 'node:fs';
import { UserError } from '../../src/errors.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { allEntries } from '../registry.ts';

/**
 * Whether the word names an experiment; else it is a directory.
 *
 * @throws UserError where there is neither
 */
export async function namesExperiment(word: string): Promise<boolean> {
  const names = (await allEntries()).map(({ name }) => name);
  if (names.includes(word)) return true;
  if (existsSync(word)) return false;
  throw new UserError(
    `There is no directory ${word}, and no experiment of that name.${nearMatches(word, names)}`,
    3,
  );
}
