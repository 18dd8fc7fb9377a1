import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, type Outcome } from '../../src/experiment/experiment.ts';
import { progressLine } from '../../src/experiment/progress-line.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { textTable } from '../../src/experiment/table.ts';
import { findExperiment } from '../registry.ts';
import { execute } from './execute.ts';
import { reportError } from './report-error.ts';
import type { RunOptions } from './settings.ts';

/** Runs the experiments one after another; returns the exit code that says most: a failure, else a claim not met, else 0. */
export async function runCommand(
  names: readonly string[],
  options: RunOptions,
  invocation: string,
): Promise<number> {
  const experiments = await Promise.all([...new Set(names)].map(findExperiment));
  const several = experiments.length > 1;
  const progress = progressLine({
    quiet: options.quiet === true,
    stream: process.stderr,
    colour: process.stderr.isTTY === true && !process.env.NO_COLOR,
  });
  const signal = stopOnInterrupt(() => {
    progress.warn('stopping after the step in flight. Ctrl-C once more ends at once.');
  });
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

/** A second signal so soon, in milliseconds, is the same Ctrl-C: npm passes on what the terminal has sent already. */
const sameKeystroke = 1000;

/** How long to wait for it before the process ends, in milliseconds. */
const copyDelay = 300;

/** The first Ctrl-C aborts the signal. With no handler left, the second ends the process as if there had never been one. */
function stopOnInterrupt(told: () => void): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) return;
    told();
    controller.abort();
    setTimeout(() => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    }, sameKeystroke).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
