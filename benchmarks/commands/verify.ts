import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { type HeldMetric, holdAgainstBand } from '../../src/experiment/report/band.ts';
import { commandLine } from '../../src/experiment/report/command-line.ts';
import { settingDifferences } from '../../src/experiment/report/differences.ts';
import { committedReport } from '../../src/experiment/report/save-report.ts';
import { readStoredRun, type StoredRun } from '../../src/experiment/report/stored-run.ts';
import { textTable } from '../../src/experiment/table.ts';
import { packageRoot } from '../../src/native/setup/paths.ts';
import { finishedRuns } from './finished-runs.ts';
import { namesExperiment } from './named-run.ts';
import { settingOptions } from './setting-options.ts';
import { shownNumber } from './shown-number.ts';

export interface VerifyOptions {
  readonly json?: true;
  /** Default: benchmarks/reports of this checkout. */
  readonly reports?: string;
  /** Where the latest run of an experiment is looked for; default `runs`. */
  readonly runs?: string;
}

/** Holds runs against their claims and against the committed reports; returns 1 if a claim is not met or a metric is outside its band. */
export async function verifyCommand(names: readonly string[], options: VerifyOptions): Promise<number> {
  const reports = options.reports ?? join(packageRoot(), 'benchmarks', 'reports');
  const results: Verified[] = [];
  for (const name of names) {
    results.push(verify(await findRun(name, reports, options.runs ?? 'runs'), reports));
  }
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else process.stdout.write(`${results.map(describe).join('\n\n')}\n`);
  return results.every(({ passed }) => passed) ? 0 : 1;
}

interface Verified {
  readonly directory: string;
  readonly experiment: string;
  readonly verdict: string;
  readonly reason: string;
  readonly committed: string;
  readonly metrics: readonly HeldMetric[];
  readonly passed: boolean;
}

function verify(run: StoredRun, reports: string): Verified {
  const { experiment } = run.settings;
  const committed = readStoredRun(committedReport(experiment, reports));
  const differ = settingDifferences(run, committed).filter(({ key }) => !notHeld.has(key));
  if (differ.length > 0) {
    const shown = differ
      .slice(0, 3)
      .map(({ key, a, b }) => `${key} is ${a ?? 'not set'}, there ${b ?? 'not set'}`);
    throw new UserError(
      `${run.directory} cannot be held against ${committed.directory}, which has other settings: ${shown.join('; ')}` +
        `${differ.length > 3 ? ` (and ${differ.length - 3} more)` : ''}. Run it with the settings of its config.json.`,
    );
  }
  const metrics = holdAgainstBand(run, committed);
  const { verdict, reason } = run.summary;
  return {
    directory: run.directory,
    experiment,
    verdict,
    reason,
    committed: committed.directory,
    metrics,
    passed: verdict !== 'not met' && metrics.every(({ state }) => state !== 'outside'),
  };
}

/** Bands are made for other seeds, for peers that are absent, and for other backends and machines. */
const notHeld = new Set(['seeds', 'peers', 'backend', 'threads']);

/** A run directory, or the latest finished run of an experiment that has the settings of the committed report. */
async function findRun(name: string, reports: string, runs: string): Promise<StoredRun> {
  if (!(await namesExperiment(name))) return readStoredRun(name);
  const committed = readStoredRun(committedReport(name, reports));
  const candidates = finishedRuns(runs)
    .filter(({ summary }) => summary.experiment === name)
    .map(({ directory }) => readStoredRun(directory))
    .filter((run) => settingDifferences(run, committed).every(({ key }) => notHeld.has(key)));
  const latest = candidates.at(-1);
  if (latest !== undefined) return latest;
  throw new UserError(
    `There is no finished run of ${name} in ${runs} with the settings of ${committed.directory}. ` +
      `Make one with: ${commandLine('run', [name, ...(await optionsOf(committed.environment.command))])}`,
    3,
  );
}

/** The options of a command of `run` that decide what it computes. */
async function optionsOf(command: readonly string[]): Promise<string[]> {
  const deciding = ['--preset', '--seeds', '--data', '--set', '--peers'];
  const words = await settingOptions(command, deciding);
  return words.flatMap((word, at) => {
    const [option = ''] = word.split('=');
    if (deciding.includes(word)) return [word, words[at + 1] ?? ''];
    return deciding.includes(option) ? [word] : [];
  });
}

function describe({ directory, experiment, verdict, reason, committed, metrics, passed }: Verified): string {
  const table = textTable({
    title: `${experiment}: ${directory} against ${committed}`,
    columns: ['metric', 'run', 'committed', 'band', '', 'why'].map((title) => ({ title })),
    rows: metrics.map(({ metric, value, committed, low, high, state, why }) => [
      metric,
      shownNumber(value),
      shownNumber(committed),
      low === undefined && high === undefined ? '–' : `${bound(low)} … ${bound(high)}`,
      state,
      why,
    ]),
  });
  const outside = metrics.filter(({ state }) => state === 'outside').map(({ metric }) => metric);
  const said = outside.length === 0 ? 'Every metric is inside its band.' : `Outside: ${outside.join(', ')}.`;
  return `${table}\nClaim: ${verdict}. ${reason}\n${said}\n${passed ? 'Verified.' : 'Not verified.'}`;
}

function bound(value: number | undefined): string {
  return value === undefined ? '' : shownNumber(value);
}
