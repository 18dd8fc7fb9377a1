import { existsSync } from 'node:fs';
import { UserError } from '../../src/errors.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { allEntries } from '../registry.ts';
import { finishedRuns } from './finished-runs.ts';

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

/**
 * The directory that a word names: itself, or of an experiment the latest finished run in `runs`.
 *
 * @throws UserError where there is neither
 */
export async function directoryOfRun(word: string, runs: string): Promise<string> {
  if (existsSync(word) || !(await namesExperiment(word))) return word;
  const latest = finishedRuns(runs).findLast(({ summary }) => summary.experiment === word);
  if (latest !== undefined) return latest.directory;
  throw new UserError(`There is no finished run of ${word} in ${runs}. Make one with: run ${word}`, 3);
}
