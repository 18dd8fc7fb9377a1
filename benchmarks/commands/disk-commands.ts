import { type Command, InvalidArgumentError, Option } from 'commander';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import type { CleanOptions } from './clean.ts';
import type { DataOptions } from './data.ts';
import { examples } from './examples.ts';

interface Wiring {
  /** Called with the exit code. */
  done(exitCode: number): void;
  /** How this program is called, for the commands that its messages show. */
  readonly invocation: string;
}

/** Adds the commands on what lies on the disk: `data` and `clean`. What is heavy is imported when one of them is called. */
export function addDiskCommands(program: Command, wiring: Wiring): void {
  addData(program, wiring);
  addClean(program, wiring);
}

function addData(program: Command, { invocation }: Wiring): void {
  const data = program
    .command('data')
    .summary('list and download public data sets')
    .description('Lists and downloads public data sets: texts, WikiText, GLUE, SQuAD.')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addHelpText(
      'after',
      examples(invocation, ['data', 'data download sst-2', 'data download glue --dir data']),
    );
  const folder = () =>
    new Option('--dir <dir>', 'folder with a folder for each set (default: in your cache)');
  const json = () => new Option('--json', 'print JSON and nothing else on stdout (default: false)');

  data
    .command('ls', { isDefault: true })
    .summary('list them: size, whether it is here, terms')
    // What is no command comes here, as this is the default one.
    .allowExcessArguments()
    .description('Lists the public data sets: size of the download, whether and where it is here, terms.')
    .helpOption('-h, --help', 'show this help')
    .addOption(folder())
    .addOption(json())
    .addHelpText('after', examples(invocation, ['data ls', 'data ls --dir data', 'data ls --json']))
    .action(async (options: DataOptions, { args: [word] }: Command) => {
      if (word !== undefined) data.error(noCommand(word, data));
      const { dataListCommand } = await import('./data.ts');
      await dataListCommand(options, invocation);
    });

  data
    .command('download')
    .summary('download sets')
    .description(
      'Downloads sets, checks them by sha256 and unpacks them. What is here is kept; what was interrupted is continued.',
    )
    .argument('<name...>', 'names, as `data ls` shows them, or glue or squad for all of those')
    .helpOption('-h, --help', 'show this help')
    .addOption(folder())
    .addOption(json())
    .option('--quiet', 'no progress (default: false)')
    .addHelpText(
      'after',
      examples(invocation, [
        'data download tiny-shakespeare',
        'data download cola mrpc --dir data',
        'data download squad --quiet',
      ]),
    )
    .action(async (names: string[], options: DataOptions) => {
      const { dataDownloadCommand } = await import('./data.ts');
      await dataDownloadCommand(names, options);
    });
}

function noCommand(word: string, { commands }: Command): string {
  const names = commands.map((command) => command.name());
  return `error: unknown command '${word}'.${nearMatches(word, names)} Choose from: ${names.join(', ')}.`;
}

function addClean(program: Command, { done, invocation }: Wiring): void {
  program
    .command('clean')
    .summary('list what is kept on the disk, and delete what you name')
    .description(
      'Lists run directories, downloads, native builds, data sets and models with their sizes; deletes only what is named.',
    )
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('What to delete:')
    .addOption(
      new Option(
        '--runs [which]',
        'runs: unfinished, those that were interrupted, or all (default: none; without a word: unfinished)',
      ).argParser(parseRuns),
    )
    .option('--downloads', 'downloads that were interrupted (default: false)')
    .option('--native', 'TensorFlow and what `setup` compiled (default: false)')
    .option('--datasets', 'data sets in the cache (default: false)')
    .option('--models', 'pre-trained models in the cache; fetched again when needed (default: false)')
    .option('--dry-run', 'show what would be deleted, and delete nothing (default: false)')
    .optionsGroup('Where:')
    .option('--dir <dir>', 'folder of the run directories (default: runs)')
    .optionsGroup('What it prints:')
    .option('--json', 'print JSON and nothing else on stdout (default: false)')
    .addHelpText(
      'after',
      `
What is not ours, is in use, or is reached through a link is left alone.
Exit codes: 0 done, 2 something named is in use or cannot be deleted.
${examples(invocation, ['clean', 'clean --runs --dry-run', 'clean --runs all --downloads'])}`,
    )
    .action(async (options: CleanOptions) => {
      const { cleanCommand } = await import('./clean.ts');
      done(await cleanCommand(options, invocation));
    });
}

function parseRuns(value: string): 'unfinished' | 'all' {
  if (value === 'unfinished' || value === 'all') return value;
  throw new InvalidArgumentError('Choose from: unfinished, all.');
}
