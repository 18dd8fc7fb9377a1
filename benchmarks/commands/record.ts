import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { busyWarning, type Environment, readEnvironment } from '../../src/experiment/environment.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { withoutPasswords } from '../../src/experiment/queue/redis-url.ts';
import { isRunConfig, type RunDirectory } from '../../src/experiment/run-directory.ts';
import type { RunOptions, Settings, StoredSettings } from './settings.ts';

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

export interface StartedRun {
  readonly recorded: StoredSettings;
  /** Of this part of the run. */
  readonly now: Environment;
  /** Of the beginning, and under `resumed` of the later parts. */
  readonly first: RunEnvironment;
  /** Why its numbers may not be trusted. */
  readonly doubts: readonly string[];
}

interface Start {
  readonly backend: Backend;
  /** Processes of this machine that compute cells at once; undefined where others do. */
  readonly jobs: number | undefined;
  readonly resumed: boolean;
}

/** Writes config.json of a run that begins, and environment.json, to which one that is resumed adds a part. */
export async function recordRun(
  directory: RunDirectory,
  settings: Settings,
  { backend, jobs, resumed }: Start,
): Promise<StartedRun> {
  const environment = await readEnvironment(backend, withoutPasswords(process.argv.slice(2)));
  const now = { ...environment, ...(jobs !== undefined && { jobs }) };
  const recorded = { ...settings, backend: backend.name, threads: backend.threads };
  const earlier = resumed
    ? (directory.readJson('environment.json') as RunEnvironment | undefined)
    : undefined;
  const first = earlier === undefined ? now : { ...earlier, resumed: [...(earlier.resumed ?? []), now] };
  if (!resumed) await directory.writeJson('config.json', recorded);
  await directory.writeJson('environment.json', first);
  const doubts = [busyWarning(now), otherCommits(first)].filter((doubt) => doubt !== undefined);
  return { recorded, now, first, doubts };
}

/** A sentence if the parts of a run are of different commits: their cells may not be of the same code. */
function otherCommits({ commit, resumed = [] }: RunEnvironment): string | undefined {
  const commits = [...new Set([commit, ...resumed.map((part) => part.commit)])];
  if (commits.length === 1) return undefined;
  const names = commits.map((name) => name?.slice(0, 7) ?? 'no commit').join(', ');
  return `the run was begun and resumed at different commits (${names}): its cells may not be of the same code.`;
}
