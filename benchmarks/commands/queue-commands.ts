import { type Command, Option } from 'commander';
import { backendOption, parseCount } from './option-values.ts';
import type { WorkerOptions } from './worker.ts';

interface Wiring {
  /** How this program is called, for the commands that its help shows. */
  readonly invocation: string;
}

/** Adds `worker`. What is heavy is imported when it is called. */
export function addQueueCommands(program: Command, { invocation }: Wiring): void {
  program
    .command('worker')
    .summary('compute cells that `run --queue` submits')
    .description(
      'Takes cells from the queue, computes them, and returns the results: the same bits as a local run.',
    )
    .helpOption('-h, --help', 'show this help')
    .optionsGroup('What to compute:')
    .requiredOption(
      '--queue <url>',
      'Redis server: redis://[:password@]host[:port][/database], rediss:// for TLS; password also from REDISCLI_AUTH',
    )
    .optionsGroup('How:')
    .addOption(
      new Option('--jobs <n>', 'cells at once (default: one for each core, 1 on a GPU)').argParser(
        parseCount,
      ),
    )
    .addOption(backendOption('cpu'))
    .addHelpText(
      'after',
      `
It takes only cells of the same version and commit of this package and of its own backend. Ctrl-C lets the cells in
flight save and gives them back; once more ends at once, and others go on from the last checkpoints.

Examples:
  ${invocation} worker --queue redis://192.168.1.5:6379
  ${invocation} worker --queue redis://localhost --jobs 2 --backend wasm
  REDISCLI_AUTH=secret ${invocation} worker --queue rediss://queue.example.org`,
    )
    .action(async (options: WorkerOptions) => {
      const { workerCommand } = await import('./worker.ts');
      await workerCommand(options);
    });
}

/** For `run`. */
export function queueOption(): Option {
  return new Option('--queue <url>', 'Redis server; its workers compute the cells (default: none)').conflicts(
    'jobs',
  );
}
