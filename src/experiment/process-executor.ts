import { availableParallelism, hostname } from 'node:os';
import type { Backend, BackendRequest } from '../backends/index.ts';
import { UserError } from '../errors.ts';
import { type CarriedError, unpackError } from './carried-error.ts';
import type { Cell } from './cells.ts';
import type { CellsProgress } from './cells-progress.ts';
import type { Config } from './config.ts';
import type { CellDone, CellExecutor } from './executor.ts';
import { Interrupted, type Preset } from './experiment.ts';
import { LineProcess, type Message, ProcessEnded } from './line-process.ts';
import type { ProgressState } from './progress.ts';

/** What a process needs to know to compute cells of a run. Plain JSON. */
export interface CellSpec {
  readonly experiment: string;
  readonly preset: Preset;
  readonly config: Config;
  readonly seeds: readonly number[];
  readonly backend: BackendRequest;
  /** Threads of the process; null: all that it finds. */
  readonly threads: number | null;
  readonly data: { readonly path: string; readonly sha256: string } | null;
  readonly peers: string | null;
}

export interface ProcessExecutorOptions {
  /** The program whose main is `serveCells`. */
  readonly program: { readonly command: string; readonly args: readonly string[] };
  /** Processes at once. Undefined: one on a GPU, else one for each core. */
  readonly jobs: number | undefined;
  readonly progress: CellsProgress;
  readonly signal: AbortSignal;
  /** Where a cell keeps its checkpoints: an absolute path. */
  readonly folderOf: (cellId: string) => string;
}

export interface ProcessExecutor<K extends Cell = Cell, R = unknown> extends CellExecutor<K, R> {
  /** Starts the first process and says on which backend it is. `slots` is known, and `run` allowed, once it has resolved. */
  start(): Promise<Backend>;
}

/**
 * Computes cells in child processes, one for each slot, each kept for all its cells: a crash costs one cell, and several cells
 * have as many backends. Processes beyond the first are started when they are first needed.
 */
export function createProcessExecutor<K extends Cell, R>(
  spec: CellSpec,
  options: ProcessExecutorOptions,
): ProcessExecutor<K, R> {
  return new CellProcesses<K, R>(spec, options);
}

type Failure = { readonly failed: CarriedError };
type Started = { readonly backend: Backend };
type Ran<R> = { readonly result: R; readonly seconds: number; readonly started: string };

class CellProcesses<K extends Cell, R> implements ProcessExecutor<K, R> {
  readonly #spec: CellSpec;
  readonly #options: ProcessExecutorOptions;
  readonly #starting = new Set<LineProcess>();
  readonly #idle = new Set<LineProcess>();
  readonly #working = new Map<LineProcess, Promise<unknown>>();
  #backend: Backend | undefined;
  #stopped = false;

  constructor(spec: CellSpec, options: ProcessExecutorOptions) {
    this.#spec = spec;
    this.#options = options;
    options.signal.addEventListener('abort', this.#stop, { once: true });
    if (options.signal.aborted) this.#stop();
  }

  get slots(): number {
    if (this.#backend === undefined) throw new Error('start comes first');
    const gpu = this.#backend.threads === 0 || this.#backend.name === 'tensorflow-gpu';
    return this.#options.jobs ?? (gpu ? 1 : availableParallelism());
  }

  async start(): Promise<Backend> {
    this.#idle.add(await this.#open(this.#spec));
    return this.#backend as Backend;
  }

  async run(cell: K): Promise<CellDone<R>> {
    const child = await this.#take();
    const work = this.#compute(child, cell);
    this.#working.set(child, work);
    try {
      return await work;
    } finally {
      this.#working.delete(child);
      if (!child.ended) this.#idle.add(child);
    }
  }

  async close(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#stop);
    this.#stop();
    await Promise.allSettled(this.#working.values());
    const children = [...this.#starting, ...this.#idle];
    await Promise.all(children.map((child) => child.close()));
  }

  /** Working children save and answer; one that is still loading has nothing to save. */
  readonly #stop = (): void => {
    this.#stopped = true;
    for (const child of this.#working.keys()) child.tell('stop');
    for (const child of this.#starting) void child.close();
  };

  async #take(): Promise<LineProcess> {
    if (this.#backend === undefined) throw new Error('start comes first');
    if (this.#stopped) throw new Interrupted();
    const [idle] = this.#idle;
    if (idle !== undefined) {
      this.#idle.delete(idle);
      return idle;
    }
    const { name } = this.#backend;
    return this.#open({ ...this.#spec, backend: name === 'tensorflow-gpu' ? 'gpu' : name });
  }

  async #open(spec: CellSpec): Promise<LineProcess> {
    if (this.#stopped) throw new Interrupted();
    const { command, args } = this.#options.program;
    const child = new LineProcess(
      'the process of the cells',
      command,
      args,
      threadLimits(spec.threads),
      (event) => this.#report(event),
    );
    this.#starting.add(child);
    try {
      const { backend } = await this.#ask<Started>(child, 'the start of the cells', 'start', { spec });
      this.#backend ??= backend;
      return child;
    } catch (error) {
      await child.close();
      throw error;
    } finally {
      this.#starting.delete(child);
    }
  }

  async #compute(child: LineProcess, cell: K): Promise<CellDone<R>> {
    const question = { cell, folder: this.#options.folderOf(cell.id) };
    const { result, seconds, started } = await this.#ask<Ran<R>>(child, `cell ${cell.id}`, 'run', question);
    const backend = (this.#backend as Backend).name;
    return { result, seconds, process: { host: hostname(), pid: child.pid ?? 0, backend, started } };
  }

  async #ask<A>(child: LineProcess, what: string, command: string, details: Message): Promise<A> {
    let answer: A | Failure;
    try {
      answer = (await child.ask(command, details)) as A | Failure;
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      throw this.#stopped && command === 'start' ? new Interrupted() : explainEnd(error, what);
    }
    if ('failed' in (answer as Failure)) throw unpackError((answer as Failure).failed, what);
    return answer as A;
  }

  #report(event: Message): void {
    const { progress } = this.#options;
    if (event.event === 'note') progress.note(event.text as string);
    if (event.event === 'warn') progress.warn(event.text as string);
    if (event.event === 'expect') progress.expect(event.cell as string, event.units as number);
    if (event.event === 'advance') {
      progress.advance(event.cell as string, event.state as ProgressState, event.units as number);
    }
  }
}

/** For TensorFlow, for what it links with OpenMP, and for our own kernels. */
function threadLimits(threads: number | null): Record<string, string> {
  if (threads === null) return {};
  const names = [
    'TF_NUM_INTRAOP_THREADS',
    'TF_NUM_INTEROP_THREADS',
    'OMP_NUM_THREADS',
    'TFJS_METHODS_THREADS',
  ];
  return Object.fromEntries(names.map((name) => [name, String(threads)]));
}

/** Who is killed, or out of memory, made no mistake that a stack trace explains. */
function explainEnd(error: ProcessEnded, what: string): Error {
  const kept = 'Finished cells are kept: continue with --resume.';
  if (error.lastWords.some((line) => /out of memory|bad_alloc/i.test(line))) {
    return new UserError(
      `${what}: its process ran out of memory. ${kept} With fewer --jobs there is more for each.`,
      3,
    );
  }
  if (error.signal === 'SIGKILL') {
    return new UserError(
      `${what}: its process was killed (SIGKILL), by hand or because the machine ran out of memory. ${kept} ` +
        'With fewer --jobs there is more memory for each.',
      3,
    );
  }
  return new Error(`${what}: ${error.message}\n${kept}`);
}
