import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Backend, releaseBackend, useBackend } from '../../src/backends/index.ts';
import { readTextFile, type TextFile } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { lockDirectory } from '../../src/experiment/lock.ts';
import { progressLine } from '../../src/experiment/progress-line.ts';
import { commandLine } from '../../src/experiment/report/command-line.ts';
import type { Json } from '../../src/training/index.ts';
import type { Training } from '../efficient-bert-distillation-training/fine-tuned.ts';
import type { DistillingOptions } from './distill-options.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';

/** What `distill`, `pretrain` and `search` work with. */
export interface DistillingSession {
  readonly backend: Backend;
  /** Of --text; undefined where none is named. */
  readonly text: TextFile | undefined;
  /** In --out, for what --resume goes on with. */
  readonly training: Training;
  /** In --out: the folder of the model that is made. */
  readonly model: string;
}

export interface SessionWords {
  readonly command: string;
  /** Of the command line, as they were typed. */
  readonly words: readonly string[];
  readonly invocation: string;
}

/**
 * Chooses the backend, takes the folder --out for this process, and runs. Ctrl-C stops after the step in flight.
 *
 * @param identity options that a run which is resumed must have again
 * @throws UserError for a folder with something in it without --resume, or nothing to resume; Interrupted with the command to go on
 */
export async function inDistillingSession(
  options: DistillingOptions,
  { command, words, invocation }: SessionWords,
  identity: Json,
  run: (session: DistillingSession) => Promise<void>,
): Promise<void> {
  const folder = resolve(options.out);
  const filled = existsSync(folder) && readdirSync(folder).length > 0;
  if (filled && !options.resume)
    throw new UserError(`${options.out} is not empty. Continue it with --resume, or name another --out.`);
  if (!filled && options.resume) throw new UserError(`There is nothing to resume in ${options.out}.`);
  const text = options.text === undefined ? undefined : await readTextFile(options.text);
  mkdirSync(folder, { recursive: true });
  const release = lockDirectory(folder);
  const progress = progressLine({
    quiet: options.quiet === true,
    stream: process.stderr,
    colour: process.stderr.isTTY === true && !process.env.NO_COLOR,
  });
  const stop = new AbortController();
  stopOnInterrupt(stop, () => {
    progress.warn('stopping after the step in flight. Ctrl-C once more ends at once.');
  });
  try {
    const backend = await useBackend(options.backend ?? 'auto');
    progress.note(`Backend ${backend.name} (${backend.version}); results go to ${options.out}`);
    const training: Training = {
      folder: join(folder, 'checkpoints'),
      seed: options.seed,
      label: command,
      identity: { options: identity, text: text?.sha256 ?? null, backend: backend.name },
      progress,
      signal: stop.signal,
    };
    await run({ backend, text, training, model: join(folder, 'model') });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(commandLine(invocation, options.resume ? words : [...words, '--resume']));
  } finally {
    progress.finish();
    await releaseBackend();
    release();
  }
}
