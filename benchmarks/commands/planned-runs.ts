import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { newDirectoryName } from './new-directory-name.ts';
import type { Begun, RunOptions } from './settings.ts';
import { settingsOf } from './settings-of-run.ts';
import { sweepFolder } from './sweep.ts';

/** One run of those that a command line asks for. */
export interface PlannedRun {
  readonly experiment: Experiment;
  /** As if it were the only one. */
  readonly options: RunOptions;
  readonly begun: Begun;
}

export interface PlannedRuns {
  readonly runs: readonly PlannedRun[];
  /** The directory that holds the directories of all of them, where there is one. */
  readonly parent: string | undefined;
}

/**
 * The runs that the command line asks for: one of each experiment, or one for each value of `--sweep`. Their settings are all
 * checked before the first begins.
 */
export async function plannedRuns(
  experiments: readonly Experiment[],
  options: RunOptions,
): Promise<PlannedRuns> {
  const { sweep, ...others } = options;
  const [first, ...rest] = experiments;
  if (sweep !== undefined && rest.length > 0) {
    const names = experiments.map(({ name }) => name).join(', ');
    throw new UserError(`--sweep takes one experiment, and these are ${experiments.length}: ${names}.`);
  }
  if (sweep !== undefined && first !== undefined) {
    if (options.resume && options.out === undefined) {
      throw new UserError('--resume: name the directory of the sweep with --out.');
    }
    const parent = options.out ?? newDirectoryName('runs', `${first.name}-sweep`);
    const of = sweep.values.map((value): [Experiment, RunOptions, string] => [
      first,
      { ...others, set: [...(others.set ?? []), `${sweep.key}=${value}`] },
      sweepFolder(sweep.key, value),
    ]);
    return { runs: await checked(of, parent), parent };
  }
  if (rest.length === 0 || options.out === undefined) {
    const runs: PlannedRun[] = [];
    for (const experiment of experiments) runs.push(await check(experiment, options, rest.length > 0));
    return { runs, parent: undefined };
  }
  const each = experiments.map((experiment): [Experiment, RunOptions, string] => [
    experiment,
    others,
    experiment.name,
  ]);
  return { runs: await checked(each, options.out), parent: options.out };
}

/** What `--resume` does not find of several runs was not begun. */
async function checked(
  runs: readonly (readonly [Experiment, RunOptions, folder: string])[],
  parent: string,
): Promise<PlannedRun[]> {
  if (runs[0]?.[1].resume && !existsSync(parent)) {
    throw new UserError(
      `${parent} does not exist: there is nothing to resume. Leave out --resume to start there.`,
    );
  }
  const planned: PlannedRun[] = [];
  for (const [experiment, { resume, ...options }, folder] of runs) {
    const out = join(parent, folder);
    const own = { ...options, out, ...(resume && existsSync(out) && { resume }) };
    planned.push(await check(experiment, own, runs.length > 1));
  }
  return planned;
}

async function check(experiment: Experiment, options: RunOptions, several: boolean): Promise<PlannedRun> {
  try {
    return { experiment, options, begun: await settingsOf(experiment, options) };
  } catch (error) {
    if (!several || !(error instanceof UserError)) throw error;
    throw new UserError(`${experiment.name}: ${error.message}`, error.exitCode);
  }
}
