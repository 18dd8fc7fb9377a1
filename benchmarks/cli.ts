import { Command, CommanderError, Option } from 'commander';
import { presets } from '../src/experiment/experiment.ts';
import { addDiskCommands } from './commands/disk-commands.ts';
import { addDistillCommands } from './commands/distill-commands.ts';
import { examples } from './commands/examples.ts';
import type { ListOptions } from './commands/ls.ts';
import { backendOption, oneOf, parseCount, parseMinutes, parseSeeds } from './commands/option-values.ts';
import { addPredictCommand } from './commands/predict-command.ts';
import { addQueueCommands, queueOption } from './commands/queue-commands.ts';
import { reportError } from './commands/report-error.ts';
import { addResultsCommands } from './commands/results-commands.ts';
import type { RunOptions } from './commands/settings.ts';
import { parseSweep } from './commands/sweep.ts';

/** How this program is called, for the commands that its messages suggest. */
export const invocation = import.meta.url.endsWith('.ts') ? 'npm run -s cli --' : 'tfjs-methods';

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(await writtenOut(argv, program), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, invocation);
  }
}

/** Loads the experiments, and so a part of the heavy, only for an option that `run` does not have of itself. */
async function writtenOut(argv: readonly string[], program: Command): Promise<readonly string[]> {
  const run = program.commands.find((command) => command.name() === 'run');
  const options = ['--help', ...(run?.options ?? []).map(({ long }) => long ?? '')];
  if (
    argv[0] !== 'run' ||
    argv.every((word) => !word.startsWith('--') || options.includes(word.split('=')[0] ?? ''))
  )
    return argv;
  const { settingOptions } = await import('./commands/setting-options.ts');
  return settingOptions(argv, options);
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

  program.commandsGroup('Experiments:');
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
    .summary('list the experiments: claims, durations, last results')
    .description(
      'Lists the experiments with their claims, how long each preset takes, and what the latest finished run found.',
    )
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('Where from:')
    .option('--dir <dir>', 'folder of the run directories (default: runs)')
    .optionsGroup('What it prints:')
    .addOption(jsonOption())
    .addHelpText('after', examples(invocation, ['ls', 'ls --dir elsewhere', 'ls --json']))
    .action(async (options: ListOptions) => {
      const { listCommand } = await import('./commands/ls.ts');
      await listCommand(options);
    });

  program.commandsGroup('Results:');
  addResultsCommands(program, { done, invocation });
  program.commandsGroup('Several machines:');
  addQueueCommands(program, { invocation });
  program.commandsGroup('Models:');
  addDistillCommands(program, { invocation });
  addPredictCommand(program, { done, invocation });
  program.commandsGroup('This machine:');
  addMachineCommands(program, invocation);
  addDiskCommands(program, { done, invocation });
  return program;
}

function addMachineCommands(program: Command, invocation: string): void {
  program
    .command('env')
    .summary('show backends, versions and native kernels, with a speed check')
    .description(
      'Shows which backends load here, versions, native kernels in use, and a one-second speed check.',
    )
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('What to use:')
    .addOption(backendOption('auto'))
    .optionsGroup('What it prints:')
    .addOption(jsonOption())
    .addHelpText('after', examples(invocation, ['env', 'env --backend wasm', 'env --json']))
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
    .addHelpText(
      'after',
      `
Examples:
  ${invocation} setup
  TFJS_METHODS_CACHE=/big/disk ${invocation} setup
  CXX=clang++ ${invocation} setup`,
    )
    .action(async () => {
      const { setupCommand } = await import('./commands/setup.ts');
      await setupCommand();
    });
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON and nothing else on stdout (default: false)');
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
      new Option(
        '--set <key=value>',
        'change one setting, also written --<key> <value>; --print-config shows them; repeat for more (default: by preset)',
      ).argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]),
      new Option(
        '--sweep <key=v1,v2>',
        'a run for each value of one setting, and a table of them (default: none)',
      ).argParser(parseSweep),
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
      new Option('--watch', 'serve the growing report to this machine (default: false)').conflicts('quiet'),
      new Option('--tensorboard', 'also write curves as TensorBoard event files (default: false)'),
      new Option('--json', 'print summary.json and nothing else on stdout (default: false)'),
      new Option('--quiet', 'no progress (default: false)'),
    ],
  };
}

const overview = `
Exit codes:
  0    done; the claim is met, or was not tested
  1    done; a claim is not met
  2    wrong usage
  3    a backend or a data file is missing, or the disk is full
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
