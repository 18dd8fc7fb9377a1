import { relative } from 'node:path';
import type { Backend } from '../../src/backends/index.ts';
import { type Cell, cellFolder, runCells } from '../../src/experiment/cells.ts';
import { type MergedProgress, mergeProgress } from '../../src/experiment/cells-progress.ts';
import { busyWarning, readEnvironment } from '../../src/experiment/environment.ts';
import type { CellExecutor } from '../../src/experiment/executor.ts';
import { type Experiment, Interrupted, type Outcome } from '../../src/experiment/experiment.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { withoutPassword, withoutPasswords } from '../../src/experiment/queue/redis-url.ts';
import { commandLine } from '../../src/experiment/report/command-line.ts';
import type { LiveReport } from '../../src/experiment/report/serve-report.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { writeResults } from '../../src/experiment/write-results.ts';
import { createCellExecutor } from '../cell-executor.ts';
import { cellSpec, copyOfData, refuseOther } from './cell-spec.ts';
import { newDirectoryName } from './new-directory-name.ts';
import { jobsOf, showPlan } from './plan.ts';
import { readStored, recordStart } from './record.ts';
import { type RunOptions, resolveSettings, resumeSettings, type Settings } from './settings.ts';
import { writeCurves } from './tensorboard-events.ts';

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

/** Runs one experiment from its settings to its report; undefined where only the plan or the settings are shown. */
export async function execute(
  experiment: Experiment,
  options: RunOptions,
  { progress, signal, invocation }: Surroundings,
): Promise<Executed | undefined> {
  const begun = performance.now();
  const stored = options.resume ? readStored(experiment, options) : undefined;
  const { settings, text } = stored
    ? await resumeSettings(experiment, options, stored)
    : await resolveSettings(experiment, options);
  if (options.printConfig) process.stdout.write(`${JSON.stringify(settings, null, 2)}\n`);
  else if (options.dryRun) showPlan(experiment, settings, options);
  if (options.printConfig || options.dryRun) return undefined;
  const { queue } = options;
  if (queue !== undefined) await (await import('./queue-run.ts')).checkQueue(experiment, queue);
  progress.note(
    `${experiment.name}: ${experiment.question} Preset ${settings.preset}, about ${experiment.durations[settings.preset]}.`,
  );

  const runDirectory = RunDirectory.open(
    options.out ?? newDirectoryName('runs', experiment.name),
    openMode(options),
  );
  const shown = shownPath(runDirectory.path);
  const cells = mergeProgress(progress, countCells(experiment, settings));
  let executor: CellExecutor | undefined;
  let live: LiveReport | undefined;
  let recording = false;
  try {
    const spec = await cellSpec(experiment, settings, options, { stored, text, runDirectory });
    const local = createCellExecutor(spec, {
      jobs: jobsOf(experiment, options),
      progress: cells,
      signal,
      folderOf: (id) => runDirectory.file(cellFolder(id)),
    });
    executor = local;
    const backend = await local.start();
    if (stored !== undefined) refuseOther(stored, backend);
    if (signal.aborted) throw new Interrupted();
    progress.note(`Backend ${describe(backend)}. Results go to ${shown}`);
    recording = true;
    if (options.overwrite) runDirectory.clear();
    const command = withoutPasswords(process.argv.slice(2));
    const environment = {
      ...(await readEnvironment(backend, command)),
      ...(!queue && { jobs: local.slots }),
    };
    const busy = busyWarning(environment);
    if (busy !== undefined) progress.warn(busy);
    const recorded = { ...settings, backend: backend.name, threads: backend.threads };
    const first = await recordStart(runDirectory, recorded, environment, stored !== undefined);
    if (queue !== undefined) {
      await local.close();
      const given = { url: queue, backend, directory: runDirectory, progress: cells, signal, invocation };
      executor = await (await import('./queue-run.ts')).submitToQueue(spec, given);
    }
    if (options.watch) live = await watch(experiment, settings, runDirectory, invocation, progress);
    const known: Cell[] = [];
    const results = await runCells(
      {
        cells(found) {
          const wanted = experiment.cells(settings, found);
          known.push(...wanted.filter(({ id }) => !found.has(id)));
          return wanted;
        },
        onStage: announceStages(cells, executor.slots),
        onDone: ({ id }) => cells.done(id),
      },
      runDirectory,
      executor,
      signal,
    );
    progress.finish();
    await executor.close();
    if (options.tensorboard) {
      const curves = known.map((cell) => [cell, results.get(cell.id)] as const);
      const found = await writeCurves(runDirectory, recorded, curves);
      if (!found) progress.warn(`--tensorboard: ${experiment.name} has no curves to write.`);
    }
    runDirectory.remove('checkpoints');
    const peers = settings.peers ?? undefined;
    const outcome = await experiment.outcome({ ...settings, backend, peers }, results);
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
    const about = {
      title: experiment.title,
      question: experiment.question,
      config: recorded,
      environment: first,
      command: commandLine(invocation, first.command),
    };
    await writeResults(runDirectory, outcome, summary, about);
    for (const warning of outcome.warnings ?? []) progress.warn(warning);
    return { summary, outcome };
  } catch (error) {
    progress.finish();
    if (!(error instanceof Interrupted) || !recording) throw error;
    const words = ['run', experiment.name, '--out', shown, '--resume'];
    if (queue !== undefined) words.push('--queue', withoutPassword(queue));
    throw new Interrupted(commandLine(invocation, words));
  } finally {
    await executor?.close();
    await live?.close();
    runDirectory.remove(copyOfData);
    runDirectory.release();
  }
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

function countCells(experiment: Experiment, settings: Settings): number {
  return experiment.countCells?.(settings) ?? experiment.cells(settings, new Map()).length;
}

/** Says how many cells there are to do, and in later stages which: their names say what the results have chosen. */
function announceStages(cells: MergedProgress, slots: number) {
  let later = false;
  return (missing: readonly { readonly id: string }[], found: number): void => {
    cells.found(found);
    const there = found === 0 ? '' : ` (${found} are there already)`;
    const order = slots === 1 || missing.length === 1 ? '' : `, ${atOnce(slots, missing.length)}`;
    const names = missing.slice(0, 4).map(({ id }) => id);
    const which = later && missing.length > 0 ? `: ${names.join(', ')}${missing.length > 4 ? ' …' : ''}` : '';
    cells.note(`${later ? 'Next' : 'To do'}: ${count(missing.length)}${there}${order}${which}.`);
    later = true;
  };
}

function atOnce(slots: number, cells: number): string {
  return slots === Number.POSITIVE_INFINITY ? 'through the queue' : `${Math.min(slots, cells)} at once`;
}

function count(cells: number): string {
  return `${cells} ${cells === 1 ? 'cell' : 'cells'}`;
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
