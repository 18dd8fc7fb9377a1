import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, BackendRequest } from '../../src/backends/index.ts';
import { type CarriedError, unpackError } from '../../src/experiment/carried-error.ts';
import { backendKind } from '../../src/experiment/queue/cell-job.ts';
import { codeVersion } from '../../src/experiment/queue/code-version.ts';
import { serveQueue } from '../../src/experiment/queue/queue-worker.ts';
import { createCellExecutor } from '../cell-executor.ts';
import { startOwn } from '../own-process.ts';
import { allEntries } from '../registry.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';

/** The options of `worker`, as the command line gives them. */
export interface WorkerOptions {
  readonly queue: string;
  readonly jobs?: number;
  readonly backend?: BackendRequest;
}

/** Computes cells that `run --queue` submits, until Ctrl-C; says on stderr what it does. */
export async function workerCommand({ queue, jobs, backend: request }: WorkerOptions): Promise<void> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const stop = new AbortController();
  stopOnInterrupt(stop, () => {
    say('Stopping: cells in flight save and go back to the queue. Ctrl-C once more ends at once.');
  });
  const scratch = mkdtempSync(join(tmpdir(), 'tfjs-methods-worker-'));
  try {
    const backend = await backendOf(request ?? 'cpu');
    const experiments = (await allEntries()).map(({ name }) => name);
    const gpu = backend.threads === 0 || backend.name === 'tensorflow-gpu';
    await serveQueue({
      url: queue,
      jobs: jobs ?? (gpu ? 1 : availableParallelism()),
      fit: { code: await codeVersion(), backend: backendKind(backend) },
      experiments,
      createExecutor: (spec, options) => createCellExecutor(spec, { ...options, jobs: 1 }),
      scratch,
      signal: stop.signal,
      say,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function backendOf(request: BackendRequest): Promise<Backend> {
  const child = startOwn('the backend', '../backend-process', import.meta.url);
  try {
    const answer = (await child.ask('use', { request })) as { backend?: Backend; failed?: CarriedError };
    if (answer.failed !== undefined) throw unpackError(answer.failed, 'the backend');
    return answer.backend as Backend;
  } finally {
    await child.close();
  }
}
