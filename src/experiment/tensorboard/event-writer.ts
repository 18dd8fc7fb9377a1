import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { explainFileError } from '../file-errors.ts';
import { type HyperParameter, hparamsEvent, scalarEvent, textEvent, versionEvent } from './event.ts';
import { frameRecord } from './record.ts';

export interface EventWriterOptions {
  /** Milliseconds since 1970, UTC. Default `Date.now`. */
  readonly now?: () => number;
}

/** Events held back before they are written by themselves. */
const bufferBytes = 65_536;

const eventFile = /^events\.out\.tfevents\.(\d+)\./;

/** Whether TensorBoard would read a file of this name. */
export function isEventFile(name: string): boolean {
  return eventFile.test(name);
}

/**
 * Appends to a TensorBoard event file of its own: one more writer on a directory, as of a resumed run, begins a new file, which
 * TensorBoard reads after the others. Records are only ever appended, and whole, so that a crash leaves at most a truncated last
 * record, which readers ignore. Nothing is synced to the disk, since the run directory holds the same numbers.
 */
export class EventWriter {
  readonly #path: string;
  readonly #now: () => number;
  #descriptor: number | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** Makes the directory if need be, and the file. @throws UserError if that is not possible */
  constructor(directory: string, options: EventWriterOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#path = directory;
    try {
      mkdirSync(directory, { recursive: true });
      this.#path = join(directory, this.#fileName(readdirSync(directory)));
      this.#descriptor = openSync(this.#path, 'ax');
    } catch (error) {
      throw explainFileError(error, this.#path);
    }
    this.#append(versionEvent(this.#seconds()));
  }

  /** The file that is written. */
  get path(): string {
    return this.#path;
  }

  /** @param wallTime seconds since 1970, UTC; default now */
  scalar(tag: string, step: number, value: number, wallTime?: number): void {
    this.scalars({ [tag]: value }, step, wallTime);
  }

  /** Several tags at one step, in one record: a crash keeps all of them or none. */
  scalars(values: Readonly<Record<string, number>>, step: number, wallTime = this.#seconds()): void {
    if (!Number.isSafeInteger(step)) throw new RangeError(`A step is a whole number, and ${step} is none.`);
    this.#append(scalarEvent(values, step, wallTime));
  }

  /** Markdown, shown in the Text tab. */
  text(tag: string, markdown: string): void {
    this.#append(textEvent(tag, markdown, this.#seconds()));
  }

  /** Settings of everything in this directory, for the HParams tab. At most once for a directory. */
  hparams(values: Readonly<Record<string, HyperParameter>>): void {
    this.#append(hparamsEvent(values, this.#seconds()));
  }

  /** Hands what is held back to the system. @throws UserError if the disk is full; called again, it goes on where it stopped */
  flush(): void {
    const descriptor = this.#opened();
    try {
      for (let rest = Buffer.concat(this.#pending); rest.length > 0; ) {
        rest = rest.subarray(writeSync(descriptor, rest));
        this.#pending = [rest];
        this.#pendingBytes = rest.length;
      }
    } catch (error) {
      throw explainFileError(error, this.#path);
    }
  }

  /** Flushes and closes; the file is closed even if that fails. Closing twice is harmless. */
  close(): void {
    if (this.#descriptor === undefined) return;
    try {
      this.flush();
    } finally {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }

  #append(event: Uint8Array): void {
    this.#opened();
    const record = frameRecord(event);
    this.#pending.push(record);
    this.#pendingBytes += record.length;
    if (this.#pendingBytes >= bufferBytes) this.flush();
  }

  #opened(): number {
    if (this.#descriptor === undefined) throw new Error(`${this.#path} is closed.`);
    return this.#descriptor;
  }

  #seconds(): number {
    return this.#now() / 1000;
  }

  /** TensorBoard reads the files of a directory in the order of their names: later ones get later seconds whatever the clock says. */
  #fileName(present: readonly string[]): string {
    const earlier = present.map((name) => Number(eventFile.exec(name)?.[1] ?? 0));
    const seconds = Math.max(Math.floor(this.#seconds()), ...earlier.map((at) => at + 1));
    const host = hostname().replaceAll(/[^\w-]/g, '-');
    return `events.out.tfevents.${String(seconds).padStart(10, '0')}.${host}.${process.pid}`;
  }
}
