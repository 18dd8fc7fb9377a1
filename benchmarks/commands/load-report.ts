import { commandLine } from '../../src/experiment/report/command-line.ts';
import { readStoredOutcome, readStoredRun, type StoredRun } from '../../src/experiment/report/stored-run.ts';
import type { StoredOutcome } from '../../src/experiment/report/stored-schemas.ts';
import type { Report } from '../../src/experiment/report-html.ts';
import { findExperiment } from '../registry.ts';

export interface LoadedReport {
  readonly run: StoredRun;
  readonly outcome: StoredOutcome;
  readonly report: Report;
}

/** Everything that a report of a finished run shows, read from its directory alone. */
export async function loadReport(directory: string, invocation: string): Promise<LoadedReport> {
  const run = readStoredRun(directory);
  const outcome = readStoredOutcome(directory);
  // The experiment itself may be of another checkout.
  const { title, question } =
    outcome.title !== undefined && outcome.question !== undefined
      ? { title: outcome.title, question: outcome.question }
      : await findExperiment(run.settings.experiment);
  const report: Report = {
    title,
    question,
    summary: run.summary,
    tables: outcome.tables,
    charts: outcome.charts,
    config: run.settings,
    environment: run.environment,
    command: commandLine(invocation, run.environment.command),
    cells: run.cells,
  };
  return { run, outcome, report };
}
