import type { Backend } from '../../backends/index.ts';
import { UserError } from '../../errors.ts';
import { type CarriedError, packError, unpackError } from '../carried-error.ts';
import type { Cell } from '../cells.ts';
import type { CellDone } from '../executor.ts';
import type { CellSpec } from '../process-executor.ts';
import type { ProgressState } from '../progress.ts';

/** All keys in Redis begin so. */
export const keyPrefix = 'tfjs-methods';

/** What goes through Redis in one piece at most, in bytes: a text to train on, or the checkpoints of one cell. */
export const carriedBytes = 128 * 2 ** 20;

/** What must be the same at both ends for a cell to come out as it would locally. */
export interface Fit {
  /** Version and commit of this package: see code-version.ts. */
  readonly code: string;
  /** See {@link backendKind}. */
  readonly backend: string;
}

/** What rounds alike: `tensorflow 2.21.0 with native kernels`, `wasm 4.22.0`, or the adapter of a GPU. */
export function backendKind({ name, version, nativeKernels }: Backend): string {
  return `${name} ${version}${nativeKernels ? ' with native kernels' : ''}`;
}

/** Cells wait in a queue of those that fit, so no worker ever takes one that it must not compute. */
export function queueName({ code, backend }: Fit): string {
  return `${code} ${backend}`.replace(/[^A-Za-z0-9.]+/g, '-');
}

/** What BullMQ keeps for each cell. */
export interface CellJob {
  /** Its name in Redis: see run-record.ts. */
  readonly run: string;
  readonly spec: CellSpec;
  readonly cell: Cell;
}

/** The same for the same cell of the same run, so that one submitted twice is one. BullMQ wants no colon and no bare integer. */
export function jobId(run: string, cellId: string): string {
  return `${run}.${cellId}`;
}

export function cellIdOf(run: string, id: string): string | undefined {
  return id.startsWith(`${run}.`) ? id.slice(run.length + 1) : undefined;
}

export type JobResult = CellDone;

/** What a worker tells of a cell in flight; sums since it began with it. */
export interface JobProgress {
  /** Another one for each worker that takes the cell. */
  readonly attempt: string;
  readonly expected: number;
  readonly done: number;
  readonly state: ProgressState | null;
  /** Lines that stay. */
  readonly said: readonly { readonly level: 'note' | 'warn'; readonly text: string }[];
}

/** An error in the one line that BullMQ keeps of a failure. */
export function encodeFailure(error: unknown): string {
  return JSON.stringify(packError(error));
}

/** Stands for the failure of a cell whose run is not in Redis any more: see run-record.ts. */
export const droppedReason = 'nobody waits for it';

/** The failure of a cell as its submitter throws it. */
export function decodeFailure(cellId: string, reason: string): Error {
  if (reason.startsWith('{"kind":')) return unpackError(JSON.parse(reason) as CarriedError, `cell ${cellId}`);
  // BullMQ's words for a job whose lock ran out more than maxStalledCount times.
  if (/stalled more than allowable limit/.test(reason)) {
    return new UserError(
      `Cell ${cellId} was lost with its worker again and again: it may need more memory than the machines have. ` +
        'What was finished is kept: continue with --resume.',
      3,
    );
  }
  return new Error(`cell ${cellId} failed on its worker: ${reason}`);
}

/** What Redis holds of a run beside its jobs. */
export function runKeys(run: string) {
  const key = (what: string) => `${keyPrefix}:run:${run}:${what}`;
  return {
    /** The bytes of the user's text. */
    data: key('data'),
    /** A hash of the files in a cell's folder: path within it → bytes. */
    checkpoint: (cellId: string) => key(`checkpoint:${cellId}`),
  };
}

/** A hash: run → OpenRun of every run that has cells in the queue. */
export const openRunsKey = `${keyPrefix}:runs`;

/** Of every worker that lives: a key that expires. */
export const workerKey = (id: string): string => `${keyPrefix}:worker:${id}`;

export interface LiveWorker {
  readonly host: string;
  readonly pid: number;
  readonly fit: Fit;
}

/** Why what wants `wanted` and what is `here` do not go together, in words; undefined where they do. */
export function misfit(wanted: Fit, here: Fit): string | undefined {
  const differences: string[] = [];
  if (wanted.code !== here.code) differences.push(`tfjs-methods ${wanted.code}, not ${here.code}`);
  if (wanted.backend !== here.backend) differences.push(`backend ${wanted.backend}, not ${here.backend}`);
  return differences.length === 0 ? undefined : differences.join('; ');
}
