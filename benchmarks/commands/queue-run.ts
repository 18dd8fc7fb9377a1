import type { Backend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import type { CellsProgress } from '../../src/experiment/cells-progress.ts';
import type { CellExecutor } from '../../src/experiment/executor.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import type { CellSpec } from '../../src/experiment/process-executor.ts';
import { backendKind } from '../../src/experiment/queue/cell-job.ts';
import { codeVersion } from '../../src/experiment/queue/code-version.ts';
import { createQueueExecutor } from '../../src/experiment/queue/queue-executor.ts';
import { connectRedis } from '../../src/experiment/queue/redis.ts';
import { withoutPassword } from '../../src/experiment/queue/redis-url.ts';
import { commandLine } from '../../src/experiment/report/command-line.ts';
import type { RunDirectory } from '../../src/experiment/run-directory.ts';

/** Refuses, before anything is written, what cannot go through the queue, and a Redis that is not there. */
export async function checkQueue(experiment: Experiment, url: string): Promise<void> {
  if (experiment.cellsRun === 'alone') {
    throw new UserError(
      `${experiment.name} measures times, and those of different machines do not compare: leave out --queue.`,
    );
  }
  const server = await connectRedis(url, { away: () => {}, back: () => {} });
  server.end();
}

interface QueueRun {
  readonly url: string;
  /** What cells get on this machine: they are to be computed on the same. */
  readonly backend: Backend;
  readonly directory: RunDirectory;
  readonly progress: CellsProgress;
  readonly signal: AbortSignal;
  readonly invocation: string;
}

/** Computes the cells of an experiment on the machines that run `worker`. */
export async function submitToQueue(spec: CellSpec, run: QueueRun): Promise<CellExecutor> {
  const { url, backend, directory, progress, signal, invocation } = run;
  const request = backend.name === 'tensorflow-gpu' ? 'gpu' : backend.name;
  const worker = ['worker', '--queue', withoutPassword(url), '--backend', request];
  return createQueueExecutor(
    { ...spec, backend: request },
    {
      url,
      directory,
      fit: { code: await codeVersion(), backend: backendKind(backend) },
      progress,
      signal,
      workerCommand: commandLine(invocation, worker),
    },
  );
}
