import type { Backend } from '../../backends/index.ts';
import type { CellsProgress } from '../cells-progress.ts';
import type { CellExecutor } from '../executor.ts';
import type { CellSpec } from '../process-executor.ts';

/** What `createProcessExecutor` makes with one job. */
export type OneCellExecutor = CellExecutor & { start(): Promise<Backend> };

export type CreateExecutor = (
  spec: CellSpec,
  options: {
    readonly progress: CellsProgress;
    readonly signal: AbortSignal;
    readonly folderOf: (cellId: string) => string;
  },
) => OneCellExecutor;

const nobody: CellsProgress = { note: () => {}, warn: () => {}, expect: () => {}, advance: () => {} };

/** Computes one cell at a time, all of one {@link CellSpec}. */
export class CellSlot {
  readonly key: string;
  readonly executor: OneCellExecutor;
  /** Where the cell in flight keeps its checkpoints. */
  folder = '';
  /** Who hears of the cell in flight. */
  listener: CellsProgress = nobody;
  readonly #controller = new AbortController();
  #started: Promise<Backend> | undefined;

  constructor(key: string, spec: CellSpec, create: CreateExecutor) {
    this.key = key;
    this.executor = create(spec, {
      signal: this.#controller.signal,
      folderOf: () => this.folder,
      progress: {
        note: (text) => this.listener.note(text),
        warn: (text) => this.listener.warn(text),
        expect: (cellId, units) => this.listener.expect(cellId, units),
        advance: (cellId, state, units) => this.listener.advance(cellId, state, units),
      },
    });
  }

  /** Starts the process where that was not done yet. */
  start(): Promise<Backend> {
    this.#started ??= this.executor.start();
    return this.#started;
  }

  /** The cell in flight saves and gives up. A slot that was stopped takes no other. */
  stop(): void {
    this.#controller.abort();
  }

  get stopped(): boolean {
    return this.#controller.signal.aborted;
  }

  leave(): void {
    this.listener = nobody;
  }
}

/** So many slots at most, each kept for the next cell of its kind: starting a backend takes longer than many a cell. */
export class SlotPool {
  readonly #create: CreateExecutor;
  readonly #limit: number;
  /** The one that waits longest comes first. */
  readonly #idle: CellSlot[] = [];
  #busy = 0;

  constructor(create: CreateExecutor, limit: number) {
    this.#create = create;
    this.#limit = limit;
  }

  async take(spec: CellSpec): Promise<CellSlot> {
    const key = JSON.stringify(spec);
    this.#busy++;
    const at = this.#idle.findIndex((slot) => slot.key === key);
    const [found] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (found !== undefined) return found;
    if (this.#busy + this.#idle.length > this.#limit) await this.#idle.shift()?.executor.close();
    return new CellSlot(key, spec, this.#create);
  }

  /** @param sound false for a slot whose cell failed: it is closed, as one that was stopped */
  async giveBack(slot: CellSlot, sound: boolean): Promise<void> {
    this.#busy--;
    if (sound && !slot.stopped) this.#idle.push(slot);
    else await slot.executor.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((slot) => slot.executor.close()));
  }
}
