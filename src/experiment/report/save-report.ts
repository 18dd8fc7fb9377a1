import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { explainWriteFailure } from '../../file-errors.ts';
import type { Report } from '../report-html.ts';
import { writeAtomic } from '../write-atomic.ts';
import { reportMarkdown, reportPictures } from './markdown.ts';
import { portable } from './portable.ts';
import type { StoredRun } from './stored-run.ts';
import type { StoredOutcome } from './stored-schemas.ts';

/**
 * Writes the committed form of a run into `<reports>/<experiment>`: configuration, environment, outcome, pictures, results.md
 * and, last, summary.json; nothing in it says which machine it was. Replaces the report that was there.
 */
export async function saveReport(
  run: StoredRun,
  outcome: StoredOutcome,
  report: Report,
  reports: string,
): Promise<string> {
  const { experiment } = run.settings;
  if (!/^[a-z0-9-]+$/.test(experiment)) {
    throw new UserError(`${join(run.directory, 'config.json')} names no experiment: ${experiment}.`);
  }
  const hosts = [
    hostname(),
    ...run.cells.flatMap(({ process }) => (process === undefined ? [] : [process.host])),
  ];
  const clean = <T>(value: T): T => portable(value, [...new Set(hosts)]);
  const summary = clean({ ...run.summary, directory: `benchmarks/reports/${experiment}` });
  const pictures = await reportPictures(outcome.charts);
  const folder = join(reports, experiment);
  const files = new Map<string, string>([
    ['config.json', json(clean(run.settings))],
    ['environment.json', json(clean(run.environment))],
    ['outcome.json', json(clean(outcome))],
    ['results.md', reportMarkdown({ ...clean(report), summary }, ({ name }) => `${name}.svg`)],
    ...[...pictures].map(([name, svg]): [string, string] => [`${name}.svg`, svg]),
    ['summary.json', json(summary)],
  ]);
  try {
    mkdirSync(folder, { recursive: true });
    // A picture that the new run does not have would go on showing the old one.
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.svg') && !files.has(name)) rmSync(join(folder, name));
    }
    for (const [name, text] of files) await writeAtomic(join(folder, name), text);
  } catch (error) {
    throw explainWriteFailure(error, folder) ?? error;
  }
  return folder;
}

/** The folder of the committed report of an experiment; throws UserError where there is none. */
export function committedReport(experiment: string, reports: string): string {
  const folder = join(reports, experiment);
  if (existsSync(join(folder, 'summary.json'))) return folder;
  throw new UserError(
    `${experiment} has no committed report: ${join(folder, 'summary.json')} is missing. Make one with: report RUN --save`,
    3,
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
