import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, type Outcome } from '../../src/experiment/experiment.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { duration, progressLine } from '../../src/experiment/progress-line.ts';
import { withoutPasswords } from '../../src/experiment/queue/redis-url.ts';
import { commandLine } from '../../src/experiment/report/command-line.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { textTable } from '../../src/experiment/table.ts';
import { loadExperiments, matchExperiments } from '../registry.ts';
import { execute, type Surroundings } from './execute.ts';
import { describePlan, planOf } from './plan.ts';
import { type PlannedRun, type PlannedRuns, plannedRuns } from './planned-runs.ts';
import { reportError } from './report-error.ts';
import type { RunOptions } from './settings.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';
import { sweepTable } from './sweep.ts';

/** Runs the experiments one after another, without names the headlines; returns the exit code that says most: a failure, else a claim not met, else 0. */
export async function runCommand(
  names: readonly string[],
  options: RunOptions,
  invocation: string,
): Promise<number> {
  const experiments =
    names.length > 0
      ? await matchExperiments(names)
      : (await loadExperiments()).filter(
          // With a text of the user's, those that have a use for it.
          ({ headline, takesData }) => headline !== undefined && (takesData || options.data === undefined),
        );
  const planned = await plannedRuns(experiments, options);
  if (options.printConfig || options.dryRun) {
    show(planned.runs, options);
    return 0;
  }
  const progress = progressLine({
    quiet: options.quiet === true,
    stream: process.stderr,
    colour: process.stderr.isTTY === true && !process.env.NO_COLOR,
  });
  const stop = new AbortController();
  stopOnInterrupt(stop, () => {
    progress.warn('stopping after the step in flight. Ctrl-C once more ends at once.');
  });
  if (options.maxMinutes !== undefined) stopAfter(options.maxMinutes, stop, progress);
  if (names.length === 0) announce(planned.runs, progress);
  const { summaries, worst } = await runAll(planned, options, { progress, signal: stop.signal, invocation });
  const { sweep } = options;
  if (options.json) printJson(summaries, planned.runs.length);
  else if (sweep !== undefined && summaries.length === sweep.values.length) {
    process.stdout.write(`\n${textTable(sweepTable(sweep, summaries))}\n`);
  }
  return worst;
}

async function runAll(
  { runs, parent }: PlannedRuns,
  { json }: RunOptions,
  surroundings: Surroundings,
): Promise<{ summaries: Summary[]; worst: number }> {
  const { progress, invocation } = surroundings;
  const summaries: Summary[] = [];
  let worst = 0;
  for (const { experiment, options, begun } of runs) {
    try {
      const { summary, outcome } = await execute(experiment, options, begun, surroundings);
      summaries.push(summary);
      if (!json) print(summary, outcome);
      if (summary.verdict === 'not met') worst = Math.max(worst, 1);
    } catch (error) {
      progress.finish();
      const stopped = error instanceof Interrupted;
      const all = stopped && runs.length > 1 && parent !== undefined;
      worst = Math.max(worst, reportError(all ? resumeAll(parent, invocation) : error, invocation));
      if (!stopped) continue;
      // npm's copy of the Ctrl-C may still be on its way, and a process that is ending no longer catches signals.
      await sleep(copyDelay);
      break;
    }
  }
  return { summaries, worst };
}

/** The same command line, going on in the directory that holds all of its runs. */
function resumeAll(parent: string, invocation: string): Interrupted {
  const words = withoutPasswords(process.argv.slice(2)).filter(
    (word) => word !== '--overwrite' && word !== '--resume',
  );
  const named = words.some((word) => word === '--out' || word.startsWith('--out='));
  return new Interrupted(
    commandLine(invocation, [...words, ...(named ? [] : ['--out', parent]), '--resume']),
  );
}

/** On stdout, what would be run. */
function show(runs: readonly PlannedRun[], { printConfig, json }: RunOptions): void {
  if (printConfig || json) {
    const documents = runs.map(({ experiment, options, begun: { settings } }) =>
      printConfig ? settings : { ...settings, ...planOf(experiment, settings, options) },
    );
    printJson(documents, runs.length);
    return;
  }
  const texts = runs.map(({ experiment, options, begun }) =>
    describePlan(experiment, begun.settings, options),
  );
  process.stdout.write(texts.join('\n'));
}

/** One document, whatever was asked for: a list where several runs were. */
function printJson(documents: readonly object[], asked: number): void {
  if (documents.length === 0) return;
  process.stdout.write(`${JSON.stringify(asked > 1 ? documents : documents[0], null, 2)}\n`);
}

function print(summary: Summary, outcome: Outcome): void {
  const lines = [
    ...outcome.tables.map((table) => `${textTable(table)}\n`),
    `Claim: ${summary.claim}`,
    `Verdict: ${summary.verdict}. ${summary.reason}`,
    `Report: ${join(summary.directory, 'report.html')}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** How long to wait for npm's copy of a Ctrl-C before the process ends, in milliseconds. */
const copyDelay = 300;

/** By the monotonic clock, and in small steps: a timer of its own cannot be longer than 24 days. */
function stopAfter(minutes: number, stop: AbortController, progress: Progress): void {
  const begun = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - begun < minutes * 60_000) return;
    clearInterval(timer);
    progress.note(`--max-minutes ${minutes} is over: stopping after the step in flight.`);
    stop.abort();
  }, 100);
  timer.unref();
}

/** What a run without names is about to do. */
function announce(runs: readonly PlannedRun[], progress: Progress): void {
  const each = runs.map(
    ({ experiment: { name, title, durations }, begun }) =>
      `${name} (${title}), about ${durations[begun.settings.preset]}`,
  );
  const seconds = runs.reduce(
    (sum, { experiment, options, begun }) => sum + planOf(experiment, begun.settings, options).seconds,
    0,
  );
  progress.note(
    `This runs the headline experiment of each method that is here: ${each.join('; ')}. ` +
      `On this machine that is about ${duration(seconds)} in all. ` +
      'Ctrl-C stops it and says how to go on; `--help` shows what else there is.',
  );
}
