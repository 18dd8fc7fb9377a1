import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BACKEND_REQUESTS } from '../src/backends/backend.ts';
import { presets } from '../src/experiment/experiment.ts';
import { nearMatches } from '../src/experiment/near-matches.ts';
import { addDiskCommands } from './commands/disk-commands.ts';
import { addQueueCommands, queueOption } from './commands/queue-commands.ts';
import { reportError } from './commands/report-error.ts';
import { addResultsCommands } from './commands/results-commands.ts';
import type { RunOptions } from './commands/settings.ts';

/** How this program is called, for the commands that its messages suggest. */
export const invocation = import.meta.url.endsWith('.ts') ? 'npm run -s cli --' : 'tfjs-methods';

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, invocation);
  }
}

/** What is heavy is imported by the action that needs it: `--help` loads nothing but the command line itself. */
export function buildProgram(done: (exitCode: number) => void): Command {
  const program = new Command('tfjs-methods')
    .description('Runs the experiments of tfjs-methods: CAME, CDAPE and EfficientBERT on TensorFlow.js.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', overview);

  const run = program
    .command('run')
    .summary('run experiments')
    .description('Runs experiments and holds each against its claim.')
    .argument(
      '[experiment...]',
      'names, as `ls` shows them, or patterns such as came-* (default: the headline of each method)',
    )
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', runExamples);
  for (const [group, options] of Object.entries(runOptions())) {
    run.optionsGroup(group);
    for (const option of options) run.addOption(option);
  }
  run.action(async (names: string[], options: RunOptions) => {
    const { runCommand } = await import('./commands/run.ts');
    done(await runCommand(names, options, invocation));
  });

  program
    .command('ls')
    .summary('list the experiments with their claims and durations')
    .description('Lists the experiments with their claims and how long each preset takes.')
    .option('--json', 'print JSON and nothing else on stdout')
    .helpOption('-h, --help', 'show this help')
    .action(async (options: { json?: true }) => {
      const { listCommand } = await import('./commands/ls.ts');
      await listCommand(options.json === true);
    });

  program
    .command('env')
    .summary('show backends, versions and native kernels, with a speed check')
    .description(
      'Shows which backends load here, versions, native kernels in use, and a one-second speed check.',
    )
    .addOption(backendOption('auto'))
    .option('--json', 'print JSON and nothing else on stdout')
    .helpOption('-h, --help', 'show this help')
    .action(async (options: { backend: RunOptions['backend']; json?: true }) => {
      const { environmentCommand } = await import('./commands/env.ts');
      await environmentCommand(options.backend ?? 'auto', options.json === true);
    });

  program
    .command('setup')
    .summary('make the fast CPU backend work: TensorFlow and our native kernels')
    .description(
      'Makes the tensorflow backend work: fetches TensorFlow into your cache and compiles the addons. Quick when done before.',
    )
    .helpOption('-h, --help', 'show this help')
    .action(async () => {
      const { setupCommand } = await import('./commands/setup.ts');
      await setupCommand();
    });

  addResultsCommands(program, { done, invocation });
  addDiskCommands(program, { done, invocation });
  addQueueCommands(program, { invocation });
  return program;
}

function runOptions(): Record<string, Option[]> {
  return {
    'What to run:': [
      new Option(
        '--preset <name>',
        `${presets.join(', ')}: seconds, minutes, or faithful (default: laptop)`,
      ).argParser(oneOf('preset', presets)),
      backendOption(),
      new Option(
        '--seeds <n>',
        'number of seeds, or a list 0,4,7, or a range 3..5 (default: by preset)',
      ).argParser(parseSeeds),
      new Option('--data <file>', 'your own UTF-8 text to train on (default: generated stories)'),
      new Option('--set <key=value>', 'change one setting; repeat for more (default: by preset)').argParser(
        (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value],
      ),
      new Option('--peers <python>', 'also measure PyTorch and JAX in this Python (default: none)'),
    ],
    'How it runs:': [
      new Option(
        '--jobs <n>',
        'cells at once, where they are not timed (default: one for each core)',
      ).argParser(parseCount),
      queueOption(),
      new Option(
        '--max-minutes <m>',
        'stop cleanly after so many minutes; go on with --resume (default: no limit)',
      ).argParser(parseMinutes),
      new Option('--dry-run', 'show the cells and the estimated time, and stop (default: false)'),
      new Option(
        '--print-config',
        'print the resolved settings as JSON, and stop (default: false)',
      ).conflicts('dryRun'),
    ],
    'Where it goes:': [
      new Option('--out <dir>', 'run directory (default: runs/<experiment>-<time>)'),
      new Option('--resume', 'continue the run in --out where it stopped (default: false)'),
      new Option('--overwrite', 'replace the run in --out (default: false)').conflicts('resume'),
    ],
    'What it shows:': [
      new Option('--watch', 'serve the growing report to this machine (default: false)'),
      new Option('--tensorboard', 'also write curves as TensorBoard event files (default: false)'),
      new Option('--json', 'print summary.json and nothing else on stdout (default: false)'),
      new Option('--quiet', 'no progress (default: false)'),
    ],
  };
}

function backendOption(defaultText = 'by experiment'): Option {
  return new Option('--backend <name>', `${BACKEND_REQUESTS.join(', ')} (default: ${defaultText})`).argParser(
    oneOf('backend', BACKEND_REQUESTS),
  );
}

function oneOf<T extends string>(what: string, known: readonly T[]): (value: string) => T {
  return (value) => {
    const found = known.find((name) => name === value);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(
      `No such ${what}.${nearMatches(value, known)} Choose from: ${known.join(', ')}.`,
    );
  };
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 up.');
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (/^\d*\.?\d+$/.test(text) && minutes > 0) return minutes;
  throw new InvalidArgumentError('Give a number of minutes above 0.');
}

function parseSeeds(text: string): number[] {
  const range = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text);
  const first = Number(range?.[1]);
  const last = Number(range?.[2]);
  if (range && first <= last && last - first < 10_000) {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
  const numbers = text.split(',').map(Number);
  if (/^\d{1,9}(,\d{1,9})*$/.test(text)) {
    if (numbers.length > 1 && new Set(numbers).size === numbers.length) return numbers;
    const count = numbers[0] ?? 0;
    if (numbers.length === 1 && count >= 1 && count <= 10_000)
      return Array.from({ length: count }, (_, index) => index);
  }
  throw new InvalidArgumentError(
    'Give a number from 1 up, a list of different seeds such as 0,4,7, or a range such as 3..5.',
  );
}

const overview = `
Exit codes:
  0    done; the claim is met, or was not tested
  1    done; a claim is not met
  2    wrong usage
  3    a backend or a data file is missing
  70   a mistake of ours
  130  interrupted; continue with --resume

Examples:
  ${invocation} ls
  ${invocation} run came-convergence --preset smoke
  ${invocation} env`;

const runExamples = `
Examples:
  ${invocation} run came-convergence
  ${invocation} run 'came-*' --preset smoke --dry-run
  ${invocation} run came-convergence --data novel.txt --set steps=1000 --out runs/novel
  ${invocation} run came-convergence --out runs/novel --resume`;
