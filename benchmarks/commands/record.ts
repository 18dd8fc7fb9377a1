import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import type { Environment } from '../../src/experiment/environment.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { isRunConfig, type RunDirectory } from '../../src/experiment/run-directory.ts';
import type { RunOptions, StoredSettings } from './settings.ts';

/** The settings in the directory to resume; undefined where the run was killed before it had written any. */
export function readStored(experiment: Experiment, options: RunOptions): StoredSettings | undefined {
  if (options.out === undefined) {
    throw new UserError(
      `--resume: name the run directory with --out, such as --out runs/${experiment.name}-….`,
    );
  }
  const file = join(options.out, 'config.json');
  if (!existsSync(file)) return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new UserError(`${file} is damaged: it is not JSON. Choose another --out, or delete the directory.`);
  }
  if (isRunConfig(stored)) return stored as StoredSettings;
  throw new UserError(`${file} is not the config.json of a run. Choose another --out.`);
}

/** environment.json: the beginning of a run, and every later part of it. */
interface RunEnvironment extends Environment {
  readonly resumed?: readonly Environment[];
}

/** Adds a part of a run, its first or a later one, to environment.json, and returns what that holds. */
export async function recordStart(
  directory: RunDirectory,
  settings: StoredSettings,
  now: Environment,
  resumed: boolean,
): Promise<RunEnvironment> {
  const first = resumed ? (directory.readJson('environment.json') as RunEnvironment | undefined) : undefined;
  const environment = first === undefined ? now : { ...first, resumed: [...(first.resumed ?? []), now] };
  if (!resumed) await directory.writeJson('config.json', settings);
  await directory.writeJson('environment.json', environment);
  return environment;
}

/** A sentence if the parts of a run are of different commits: their cells may not be of the same code. */
export function otherCommits({ commit, resumed = [] }: RunEnvironment): string | undefined {
  const commits = [...new Set([commit, ...resumed.map((part) => part.commit)])];
  if (commits.length === 1) return undefined;
  const names = commits.map((name) => name?.slice(0, 7) ?? 'no commit').join(', ');
  return `the run was begun and resumed at different commits (${names}): its cells may not be of the same code.`;
}
