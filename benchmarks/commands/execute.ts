import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Backend, BackendRequest } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { busyWarning, type Environment, readEnvironment } from '../../src/experiment/environment.ts';
import { type Experiment, Interrupted, type Outcome } from '../../src/experiment/experiment.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { writeResults } from '../../src/experiment/write-results.ts';
import { newDirectoryName } from './new-directory-name.ts';
import {
  type Resolved,
  type RunOptions,
  resolveSettings,
  resumeSettings,
  type StoredSettings,
} from './settings.ts';

interface Surroundings {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** How this program is called, for the command that resumes. */
  readonly invocation: string;
}

interface Executed {
  readonly summary: Summary;
  readonly outcome: Outcome;
}

/** Runs one experiment from its settings to its report; undefined for a dry run. */
export async function execute(
  experiment: Experiment,
  options: RunOptions,
  { progress, signal, invocation }: Surroundings,
): Promise<Executed | undefined> {
  const begun = performance.now();
  const stored = options.resume ? readStored(experiment, options) : undefined;
  const resolved = stored
    ? await resumeSettings(experiment, options, stored)
    : await resolveSettings(experiment, options);
  if (options.dryRun) {
    showPlan(experiment, resolved, options);
    return undefined;
  }
  const { settings, text } = resolved;
  progress.note(
    `${experiment.name}: ${experiment.question} Preset ${settings.preset}, about ${experiment.durations[settings.preset]}.`,
  );

  const runDirectory = RunDirectory.open(
    options.out ?? newDirectoryName('runs', experiment.name),
    openMode(options),
  );
  const shown = shownPath(runDirectory.path);
  const { useBackend, releaseBackend } = await import('../../src/backends/index.ts');
  let recording = false;
  try {
    const backend = await useBackend(backendRequest(experiment, options, stored));
    if (stored !== undefined && backend.name !== stored.backend) throw otherBackend(stored, backend);
    if (signal.aborted) throw new Interrupted();
    progress.note(`Backend ${describe(backend)}. Results go to ${shown}`);
    recording = true;
    if (options.overwrite) runDirectory.clear();
    const environment = await readEnvironment(backend, process.argv.slice(2));
    const busy = busyWarning(environment);
    if (busy !== undefined) progress.warn(busy);
    const recorded = { ...settings, backend: backend.name };
    const first = await recordStart(runDirectory, recorded, environment, stored !== undefined);
    const outcome = await experiment.run({
      preset: settings.preset,
      config: settings.config,
      seeds: settings.seeds,
      backend,
      runDirectory,
      progress,
      signal,
      data: text,
      resume: stored !== undefined,
      peers: settings.peers ?? undefined,
    });
    progress.finish();
    const summary: Summary = {
      experiment: experiment.name,
      preset: settings.preset,
      backend: backend.name,
      claim: experiment.claim,
      verdict: outcome.verdict,
      reason: outcome.reason,
      metrics: outcome.metrics,
      seeds: settings.seeds,
      warnings: [...(busy === undefined ? [] : [busy]), ...(outcome.warnings ?? [])],
      started: environment.started,
      seconds: Number(((performance.now() - begun) / 1000).toFixed(1)),
      commit: environment.commit,
      directory: shown,
    };
    const command = [invocation, ...first.command.map(quote)].join(' ');
    const about = {
      title: experiment.title,
      question: experiment.question,
      config: settings,
      environment: first,
      command,
    };
    await writeResults(runDirectory, outcome, summary, about);
    for (const warning of outcome.warnings ?? []) progress.warn(warning);
    return { summary, outcome };
  } catch (error) {
    progress.finish();
    if (!(error instanceof Interrupted) || !recording) throw error;
    throw new Interrupted(`${invocation} run ${experiment.name} --out ${quote(shown)} --resume`);
  } finally {
    runDirectory.release();
    await releaseBackend();
  }
}

/** The settings in the directory to resume; undefined where the run was killed before it had written any. */
function readStored(experiment: Experiment, options: RunOptions): StoredSettings | undefined {
  if (options.out === undefined) {
    throw new UserError(
      `--resume: name the run directory with --out, such as --out runs/${experiment.name}-….`,
    );
  }
  const file = join(options.out, 'config.json');
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StoredSettings;
  } catch {
    throw new UserError(`${file} is damaged: it is not JSON. Choose another --out, or delete the directory.`);
  }
}

function openMode(options: RunOptions): 'new' | 'resume' | 'overwrite' {
  if (options.resume) return 'resume';
  return options.overwrite ? 'overwrite' : 'new';
}

/** A run goes on with the backend that it was begun with: another one rounds otherwise. */
function backendRequest(
  experiment: Experiment,
  options: RunOptions,
  stored: StoredSettings | undefined,
): BackendRequest {
  if (options.backend !== undefined) return options.backend;
  if (stored === undefined) return experiment.backend;
  return stored.backend === 'tensorflow-gpu' ? 'gpu' : stored.backend;
}

function otherBackend(stored: StoredSettings, backend: Backend): UserError {
  return new UserError(
    `--resume: the run was begun on the ${stored.backend} backend and this is ${backend.name}, which rounds otherwise. ` +
      'Start anew with another --out.',
  );
}

/** environment.json holds the beginning, which it returns, and under `resumed` every later part. */
async function recordStart(
  directory: RunDirectory,
  settings: StoredSettings,
  now: Environment,
  resumed: boolean,
): Promise<Environment> {
  const first = resumed
    ? (directory.readJson('environment.json') as (Environment & { resumed?: Environment[] }) | undefined)
    : undefined;
  const environment = first === undefined ? now : { ...first, resumed: [...(first.resumed ?? []), now] };
  if (!resumed) await directory.writeJson('config.json', settings);
  await directory.writeJson('environment.json', environment);
  return environment;
}

function showPlan(experiment: Experiment, { settings }: Resolved, options: RunOptions): void {
  if (!options.json) {
    process.stdout.write(
      `${experiment.name}: ${experiment.question}\nClaim: ${experiment.claim}\n` +
        `Duration: about ${experiment.durations[settings.preset]}\n` +
        `Backend: ${options.backend ?? experiment.backend}\nSettings:\n`,
    );
  }
  process.stdout.write(`${JSON.stringify(settings, null, 2)}\n`);
}

function describe(backend: Backend): string {
  const kernels = backend.nativeKernels ? ', native kernels' : '';
  const threads = backend.threads > 0 ? `, ${backend.threads} threads` : '';
  return `${backend.name} (${backend.version}${threads}${kernels}; ${backend.reason})`;
}

/** Relative where that is shorter to read and to type. */
function shownPath(path: string): string {
  const short = relative('.', path);
  return short === '' || short.startsWith('..') ? path : short;
}

/** For a POSIX shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
