import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Experiment, Interrupted, type Outcome } from '../../src/experiment/experiment.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { progressLine } from '../../src/experiment/progress-line.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { textTable } from '../../src/experiment/table.ts';
import { loadExperiments, matchExperiments } from '../registry.ts';
import { execute } from './execute.ts';
import { reportError } from './report-error.ts';
import type { RunOptions } from './settings.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';

/** Runs the experiments one after another, without names the headlines; returns the exit code that says most: a failure, else a claim not met, else 0. */
export async function runCommand(
  names: readonly string[],
  options: RunOptions,
  invocation: string,
): Promise<number> {
  const experiments =
    names.length > 0
      ? await matchExperiments(names)
      : (await loadExperiments()).filter(({ headline }) => headline !== undefined);
  const several = experiments.length > 1;
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
  const { signal } = stop;
  if (names.length === 0 && !options.dryRun && !options.printConfig) announce(experiments, options, progress);
  const summaries: Summary[] = [];
  let worst = 0;
  for (const experiment of experiments) {
    const own =
      several && options.out !== undefined
        ? { ...options, out: join(options.out, experiment.name) }
        : options;
    try {
      const result = await execute(experiment, own, { progress, signal, invocation });
      if (result === undefined) continue;
      summaries.push(result.summary);
      if (!options.json) print(result.summary, result.outcome);
      if (result.summary.verdict === 'not met') worst = Math.max(worst, 1);
    } catch (error) {
      progress.finish();
      worst = Math.max(worst, reportError(error, invocation));
      if (!(error instanceof Interrupted)) continue;
      // npm's copy of the Ctrl-C may still be on its way, and a process that is ending no longer catches signals.
      await sleep(copyDelay);
      break;
    }
  }
  if (options.json && summaries.length > 0) {
    process.stdout.write(`${JSON.stringify(several ? summaries : summaries[0], null, 2)}\n`);
  }
  return worst;
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
function announce(experiments: readonly Experiment[], { preset }: RunOptions, progress: Progress): void {
  const each = experiments.map(
    ({ name, title, durations }) => `${name} (${title}), about ${durations[preset ?? 'laptop']}`,
  );
  progress.note(
    `This runs the headline experiment of each method that is here: ${each.join('; ')}. ` +
      'Ctrl-C stops it and says how to go on; `--help` shows what else there is.',
  );
}
