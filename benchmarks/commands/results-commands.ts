import { type Command, Option } from 'commander';

interface Wiring {
  /** Called with the exit code. */
  done(exitCode: number): void;
  /** How this program is called, for the commands that its messages and reports show. */
  readonly invocation: string;
}

/** Adds the commands on finished runs: `report`, `verify` and `compare`. What is heavy is imported when one of them is called. */
export function addResultsCommands(program: Command, wiring: Wiring): void {
  addReport(program, wiring);
  addVerify(program, wiring);
  addCompare(program, wiring);
}

function addReport(program: Command, { done, invocation }: Wiring): void {
  program
    .command('report')
    .summary('make a report of finished runs: HTML, Markdown, CSV or JSON')
    .description(
      'Makes one self-contained HTML report of finished runs: verdicts, tables, plots, cells, configuration, how to repeat them.',
    )
    .argument(
      '[run...]',
      'run directories, or experiments: the latest run of each in runs/; several make one page',
    )
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('What to make:')
    .addOption(
      new Option('--markdown', 'Markdown with SVG pictures (default: HTML)').conflicts([
        'csv',
        'json',
        'save',
      ]),
    )
    .addOption(new Option('--csv', 'one CSV file for each table (default: HTML)').conflicts(['json', 'save']))
    .addOption(new Option('--json', 'every table as JSON, on stdout (default: HTML)').conflicts(['save']))
    .addOption(
      new Option(
        '--save',
        'the committed form, into benchmarks/reports, and the README from it (default: HTML)',
      ).conflicts('out'),
    )
    .optionsGroup('Where it goes:')
    .option('--out <path>', 'file, or folder for --csv (default: in the run directory)')
    .addHelpText(
      'after',
      `
With --save and no run only the marked sections of the READMEs are written anew.

Examples:
  ${invocation} report came-convergence
  ${invocation} report runs/first runs/second --out both.html
  ${invocation} report came-convergence --save`,
    )
    .action(async (words: string[], options: object) => {
      const { reportCommand } = await import('./report.ts');
      done(await reportCommand(words, options, invocation));
    });
}

function addVerify(program: Command, { done, invocation }: Wiring): void {
  program
    .command('verify')
    .summary('hold runs against their claims and the committed reports')
    .description(
      'Holds finished runs against their claims and against the committed reports, metric by metric.',
    )
    .argument('<run...>', 'run directories, or experiments: the latest run of each in runs/')
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('Where from:')
    .option('--reports <dir>', 'folder of the committed reports (default: benchmarks/reports)')
    .optionsGroup('What it prints:')
    .option('--json', 'print JSON and nothing else on stdout (default: false)')
    .addHelpText(
      'after',
      `
The band of a metric:
  with an interval   committed mean ± 2 half-widths of its 95 % interval
  times and rates    at most 1.25 times slower, on the same processor, cores and backend; elsewhere not held
  whole numbers      the same
  other numbers      the same to six digits
  spreads, rounding differences, resident memory, threads: shown, not held
The run must have the settings of the committed report; seeds, peers and backend may differ.

Exit codes: 0 inside, 1 outside or the claim is not met, 2 wrong usage or other settings, 3 a run or report is missing.

Examples:
  ${invocation} verify came-convergence
  ${invocation} verify runs/came-convergence --json
  ${invocation} verify runs/first runs/second --reports elsewhere/reports`,
    )
    .action(async (names: string[], options: object) => {
      const { verifyCommand } = await import('./verify.ts');
      done(await verifyCommand(names, options));
    });
}

function addCompare(program: Command, { done, invocation }: Wiring): void {
  program
    .command('compare')
    .summary('compare two runs of an experiment')
    .description(
      'Compares two finished runs of an experiment: metrics, cells paired by seed, settings and environment.',
    )
    .argument('<a>', 'run directory, or experiment: its committed report')
    .argument('<b>', 'the same')
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('Where from:')
    .option('--reports <dir>', 'folder of the committed reports (default: benchmarks/reports)')
    .optionsGroup('What it prints:')
    .addOption(
      new Option('--json', 'print JSON and nothing else on stdout (default: false)').conflicts('markdown'),
    )
    .option('--markdown', 'print Markdown tables (default: false)')
    .addHelpText(
      'after',
      `
Examples:
  ${invocation} compare runs/before runs/after
  ${invocation} compare came-convergence runs/came-convergence
  ${invocation} compare runs/before runs/after --markdown`,
    )
    .action(async (a: string, b: string, options: object) => {
      const { compareCommand } = await import('./compare.ts');
      done(await compareCommand(a, b, options));
    });
}
