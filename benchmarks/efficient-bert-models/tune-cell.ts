import type { WordPieceTokenizer } from '../../src/data/index.ts';
import type { Config } from '../../src/experiment/config.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import {
  type Evaluation,
  type ExampleSet,
  type FineTuned,
  fineTune,
  makeOutputReader,
  type OutputReader,
  type TaskModel,
} from '../../src/tasks/index.ts';
import type { Json } from '../../src/training/index.ts';
import { makeOptimizer } from './optimizers.ts';
import { type Recipe, stepsOf } from './recipe.ts';
import { shownTuning } from './shown-tuning.ts';

/** Evaluation needs no gradients, and so less memory. */
const evaluationFactor = 4;

export function evaluationBatchOf({ batchSize }: Recipe): number {
  return evaluationFactor * batchSize;
}

export interface CellTuning<E extends Evaluation> {
  /** Shown with the progress. */
  readonly label: string;
  readonly seed: number;
  readonly task: TaskModel;
  /** Of which the model was drawn. */
  readonly streams: RandomStreams;
  readonly tokenizer: WordPieceTokenizer;
  readonly examples: ExampleSet;
  readonly evaluate: (read: OutputReader) => Promise<E>;
  /** For checkpoints. */
  readonly folder: string;
  /** What a checkpoint must agree with to be continued. */
  readonly identity: Json;
}

/**
 * Fine-tunes by the recipe of the configuration, shows how far it is, and hands the model with its best weights to `finish`, with
 * what reads its outputs. The model remains its owner's.
 *
 * @throws Interrupted
 */
export async function tuneCell<E extends Evaluation, R>(
  { label, seed, task, evaluate, ...given }: CellTuning<E>,
  { config, backend, progress, signal }: CellContext<Config & Recipe>,
  finish: (tuned: FineTuned<E>, read: OutputReader, steps: number) => Promise<R>,
): Promise<R> {
  const steps = stepsOf(config, given.examples.size);
  const optimizer = makeOptimizer(config, steps, task.model);
  const read = makeOutputReader(task, evaluationBatchOf(config));
  try {
    const tuned = await fineTune({
      ...given,
      task,
      optimizer,
      seed,
      batchSize: config.batchSize,
      steps,
      clipNorm: config.clipNorm,
      every: Math.ceil(steps / config.evaluations),
      evaluate: () => evaluate(read),
      readEvery: backend.threads === 0 ? 10 : 1, // reading waits for the device, which costs something on a GPU alone
      ...shownTuning<E>(progress, label, steps),
      signal,
    });
    if (tuned.outcome === 'interrupted') throw new Interrupted();
    if (tuned.failure) progress.note(`${label}: ${tuned.failure.what}`);
    return await finish(tuned, read, steps);
  } finally {
    read.dispose();
    optimizer.dispose();
  }
}
