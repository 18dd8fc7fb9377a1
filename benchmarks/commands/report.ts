import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { reportMarkdown, reportPictures } from '../../src/experiment/report/markdown.ts';
import { saveReport } from '../../src/experiment/report/save-report.ts';
import { tableCsv, tableFileName, tableJson } from '../../src/experiment/report/table-files.ts';
import { reportHtml } from '../../src/experiment/report-html.ts';
import { writeAtomic } from '../../src/experiment/write-atomic.ts';
import { explainWriteFailure } from '../../src/file-errors.ts';
import { packageRoot } from '../../src/native/setup/paths.ts';
import { updateReadmes } from '../readme/update-readmes.ts';
import { type LoadedReport, loadReport } from './load-report.ts';
import { directoryOfRun } from './named-run.ts';

export interface ReportOptions {
  readonly out?: string;
  readonly markdown?: true;
  readonly csv?: true;
  readonly json?: true;
  readonly save?: true;
  /** Where the latest run of an experiment is looked for; default `runs`. */
  readonly runs?: string;
  /** Root of the checkout into which `--save` writes. */
  readonly root?: string;
}

/** Makes a report of finished runs from their directories alone, or of the latest run of an experiment; returns the exit code. */
export async function reportCommand(
  words: readonly string[],
  options: ReportOptions,
  invocation: string,
): Promise<number> {
  if (words.length === 0 && !options.save) {
    throw new UserError(
      'report: name run directories, such as runs/came-convergence-…, or experiments: the latest run of each.',
    );
  }
  const loaded: LoadedReport[] = [];
  for (const word of words) {
    loaded.push(await loadReport(await directoryOfRun(word, options.runs ?? 'runs'), invocation));
  }
  if (options.save) await save(loaded, options);
  else if (options.json) printJson(loaded);
  else if (options.csv) await writeCsv(loaded, options);
  else if (options.markdown) await writeMarkdown(loaded, options);
  else await writeHtml(loaded, options);
  return 0;
}

async function writeHtml(loaded: readonly LoadedReport[], options: ReportOptions): Promise<void> {
  const file = options.out ?? beside(loaded, 'report.html');
  await write(file, reportHtml(loaded.map(({ report }) => report)));
}

/** One Markdown file, with the pictures beside it; those of several runs are told apart by the number of the run. */
async function writeMarkdown(loaded: readonly LoadedReport[], options: ReportOptions): Promise<void> {
  const file = options.out ?? beside(loaded, 'report.md');
  const texts: string[] = [];
  for (const [at, { report }] of loaded.entries()) {
    const pictureName = (chart: string) => `${loaded.length === 1 ? '' : `run-${at + 1}-`}${chart}.svg`;
    for (const [name, svg] of await reportPictures(report.charts)) {
      await write(join(dirname(file), pictureName(name)), svg);
    }
    texts.push(reportMarkdown(report, ({ name }) => pictureName(name)));
  }
  await write(file, texts.join('\n'));
}

async function writeCsv(loaded: readonly LoadedReport[], options: ReportOptions): Promise<void> {
  const folder = options.out ?? beside(loaded, 'tables');
  for (const [at, { report }] of loaded.entries()) {
    const place = loaded.length === 1 ? folder : join(folder, `run-${at + 1}`);
    for (const [index, table] of report.tables.entries()) {
      await write(join(place, tableFileName(table, index)), tableCsv(table));
    }
  }
}

function printJson(loaded: readonly LoadedReport[]): void {
  const all = loaded.map(({ run, report }) => {
    const { experiment, verdict, reason, metrics } = run.summary;
    const tables = report.tables.map(tableJson);
    return { directory: run.directory, experiment, verdict, reason, metrics, tables };
  });
  process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
}

async function save(loaded: readonly LoadedReport[], options: ReportOptions): Promise<void> {
  const root = options.root ?? packageRoot();
  const names = loaded.map(({ run }) => run.settings.experiment);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new UserError(`--save keeps one report of each experiment, and ${twice} is named twice.`);
  }
  for (const { run, outcome, report } of loaded) {
    const folder = await saveReport(run, outcome, report, join(root, 'benchmarks', 'reports'));
    process.stdout.write(`${folder}\n`);
  }
  for (const file of await updateReadmes(root)) process.stdout.write(`${file}\n`);
}

function beside(loaded: readonly LoadedReport[], name: string): string {
  const [only] = loaded;
  if (only !== undefined && loaded.length === 1) return join(only.run.directory, name);
  const runs = loaded.map(({ run }) => basename(run.directory)).join(', ');
  throw new UserError(
    `--out: say where the report of several runs (${runs}) is to go, such as --out ${name}.`,
  );
}

async function write(file: string, text: string): Promise<void> {
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new UserError(`${file} is a directory: name a file with --out.`);
  }
  try {
    mkdirSync(dirname(file), { recursive: true });
    await writeAtomic(file, text);
  } catch (error) {
    throw explainWriteFailure(error, file, ' with --out') ?? error;
  }
  process.stdout.write(`${file}\n`);
}
