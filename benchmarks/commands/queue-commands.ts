import { type Command, InvalidArgumentError, Option } from 'commander';
import { BACKEND_REQUESTS } from '../../src/backends/backend.ts';
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
      'Takes cells from the queue, computes them one thread each, and returns the results: the same bits as a local run.\n' +
        'It takes only cells of the same version and commit of this package and of its own backend. Ctrl-C lets the cells\n' +
        'in flight save and gives them back; once more ends at once, and others go on from the last checkpoints.',
    )
    .requiredOption(
      '--queue <url>',
      'Redis server: redis://[:password@]host[:port][/database], rediss:// for TLS; password also from REDISCLI_AUTH',
    )
    .addOption(
      new Option('--jobs <n>', 'cells at once (default: one for each core, 1 on a GPU)').argParser(
        parseCount,
      ),
    )
    .addOption(
      new Option('--backend <name>', `${BACKEND_REQUESTS.join(', ')} (default: cpu)`).choices(
        BACKEND_REQUESTS,
      ),
    )
    .helpOption('-h, --help', 'show this help')
    .addHelpText(
      'after',
      `
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

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 up.');
}
