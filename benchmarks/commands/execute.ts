import { relative } from 'node:path';
import type { Backend } from '../../src/backends/index.ts';
import { cellFolder } from '../../src/experiment/cells.ts';
import { mergeProgress } from '../../src/experiment/cells-progress.ts';
import type { CellExecutor } from '../../src/experiment/executor.ts';
import { type Experiment, Interrupted, type Outcome } from '../../src/experiment/experiment.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { withoutPassword } from '../../src/experiment/queue/redis-url.ts';
import { commandLine } from '../../src/experiment/report/command-line.ts';
import type { LiveReport } from '../../src/experiment/report/serve-report.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { writeResults } from '../../src/experiment/write-results.ts';
import { createCellExecutor } from '../cell-executor.ts';
import { cellSpec, copyOfData, refuseOther } from './cell-spec.ts';
import { computeCells, countCells } from './compute-cells.ts';
import { FailedRun } from './failed-run.ts';
import { newDirectoryName } from './new-directory-name.ts';
import { jobsOf } from './plan.ts';
import { recordRun, type StartedRun } from './record.ts';
import type { Begun, RunOptions, Settings } from './settings.ts';

export interface Surroundings {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** How this program is called, for the command that resumes. */
  readonly invocation: string;
}

export interface Executed {
  readonly summary: Summary;
  readonly outcome: Outcome;
}

/** Runs one experiment from its settings to its report. */
export async function execute(
  experiment: Experiment,
  options: RunOptions,
  { settings, text, stored }: Begun,
  { progress, signal, invocation }: Surroundings,
): Promise<Executed> {
  const begun = performance.now();
  const { queue } = options;
  if (queue !== undefined) await (await import('./queue-run.ts')).checkQueue(experiment, queue);
  progress.note(
    `${experiment.name}: ${experiment.question} Preset ${settings.preset}, about ${experiment.durations[settings.preset]}.`,
  );
  const directory = RunDirectory.open(
    options.out ?? newDirectoryName('runs', experiment.name),
    openMode(options),
  );
  const shown = shownPath(directory.path);
  const cells = mergeProgress(progress, countCells(experiment, settings));
  let executor: CellExecutor | undefined;
  let live: LiveReport | undefined;
  let recording = stored !== undefined;
  try {
    const spec = await cellSpec(experiment, settings, options, { stored, text, runDirectory: directory });
    const local = createCellExecutor(spec, {
      jobs: jobsOf(experiment, options),
      progress: cells,
      signal,
      folderOf: (id) => directory.file(cellFolder(id)),
    });
    executor = local;
    const backend = await local.start();
    if (stored !== undefined) refuseOther(stored, backend);
    if (signal.aborted) throw new Interrupted();
    progress.note(`Backend ${describe(backend)}. Results go to ${shown}`);
    recording = true;
    if (options.overwrite) directory.clear();
    const jobs = queue === undefined ? local.slots : undefined;
    const started = await recordRun(directory, settings, { backend, jobs, resumed: stored !== undefined });
    for (const doubt of started.doubts) progress.warn(doubt);
    if (queue !== undefined) {
      await local.close();
      const given = { url: queue, backend, directory, progress: cells, signal, invocation };
      executor = await (await import('./queue-run.ts')).submitToQueue(spec, given);
    }
    if (options.watch) live = await watch(experiment, settings, directory, invocation, progress);
    const results = await computeCells(experiment, started.recorded, {
      directory,
      executor,
      cells,
      signal,
      tensorboard: options.tensorboard === true,
    });
    progress.finish();
    await executor.close();
    directory.remove('checkpoints');
    const peers = settings.peers ?? undefined;
    const outcome = await experiment.outcome({ ...settings, backend, peers }, results);
    const seconds = Number(((performance.now() - begun) / 1000).toFixed(1));
    const summary = summarise(experiment, outcome, started, { seconds, directory: shown });
    await writeResults(directory, outcome, summary, about(experiment, started, invocation));
    for (const warning of outcome.warnings ?? []) progress.warn(warning);
    return { summary, outcome };
  } catch (error) {
    progress.finish();
    if (!recording) throw error;
    const words = ['run', experiment.name, '--out', shown, '--resume'];
    if (options.tensorboard) words.push('--tensorboard');
    if (queue !== undefined) words.push('--queue', withoutPassword(queue));
    const resumeCommand = commandLine(invocation, words);
    throw error instanceof Interrupted ? new Interrupted(resumeCommand) : new FailedRun(error, resumeCommand);
  } finally {
    await executor?.close();
    await live?.close();
    directory.remove(copyOfData);
    directory.release();
  }
}

function summarise(
  { name, claim }: Experiment,
  { verdict, reason, metrics, warnings = [] }: Outcome,
  { recorded: { preset, backend, seeds }, now: { started, commit }, doubts }: StartedRun,
  { seconds, directory }: Pick<Summary, 'seconds' | 'directory'>,
): Summary {
  return {
    experiment: name,
    preset,
    backend,
    claim,
    verdict,
    reason,
    metrics,
    seeds,
    warnings: [...doubts, ...warnings],
    started,
    seconds,
    commit,
    directory,
  };
}

/** What else a report says of the run. */
function about({ title, question }: Experiment, { recorded, first }: StartedRun, invocation: string) {
  const command = commandLine(invocation, first.command);
  return { title, question, config: recorded, environment: first, command };
}

async function watch(
  experiment: Experiment,
  settings: Settings,
  directory: RunDirectory,
  invocation: string,
  progress: Progress,
): Promise<LiveReport> {
  const { serveReport } = await import('../../src/experiment/report/serve-report.ts');
  const { title, question } = experiment;
  const planned = countCells(experiment, settings);
  const live = await serveReport(directory.path, {
    title,
    question,
    invocation,
    status: () => ({ planned }),
  });
  progress.note(`The report grows at ${live.url}`);
  return live;
}

function openMode(options: RunOptions): 'new' | 'resume' | 'overwrite' {
  if (options.resume) return 'resume';
  return options.overwrite ? 'overwrite' : 'new';
}

function describe(backend: Backend): string {
  const kernels = backend.nativeKernels ? ', native kernels' : '';
  const { threads } = backend;
  const many = threads > 0 ? `, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : '';
  return `${backend.name} (${backend.version}${many}${kernels}; ${backend.reason})`;
}

/** Relative where that is shorter to read and to type. */
function shownPath(path: string): string {
  const short = relative('.', path);
  return short === '' || short.startsWith('..') ? path : short;
}
