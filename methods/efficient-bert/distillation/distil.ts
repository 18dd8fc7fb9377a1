import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { loadWeights, saveModel } from '../../../src/bert/index.ts';
import { UserError } from '../../../src/errors.ts';
import type { Evaluation } from '../../../src/tasks/index.ts';
import {
  findNonFinite,
  latestCheckpoint,
  loadCheckpoint,
  NonFiniteError,
  saveCheckpoint,
  TrainingProgress,
  train,
} from '../../../src/training/index.ts';
import type { DistillationMetrics, DistillationPoint, Distilled, DistilOptions } from './distil-options.ts';
import { type DistillationStepResult, makeDistillationStep } from './distillation-step.ts';

type Losses = Pick<DistillationMetrics, 'loss' | 'attention' | 'hidden' | 'prediction'>;

/** Plain JSON, kept beside each checkpoint. */
interface Measured<E extends Evaluation> {
  readonly curve: readonly DistillationPoint[];
  /** Since the last point of the curve. */
  readonly losses: readonly Losses[];
  readonly best: Distilled<E>['best'] | null;
  readonly seconds: number;
}

/**
 * Runs one phase of distillation: pre-training on text or a task, by what `distillation` and `batches` are. Warm-up distillation is
 * several in a row, each with a folder of its own; those that an earlier process finished end at once.
 *
 * A run that is interrupted and continued ends with the same weights as one that is not, to the last bit.
 *
 * @throws UserError for `keep: 'best'` without a folder, or (exit code 3) for a checkpoint of another run
 */
export async function distil<E extends Evaluation = Evaluation>(
  options: DistilOptions<E>,
): Promise<Distilled<E>> {
  const { distillation, batches, optimizer, streams, steps, evaluation, folder, identity = null } = options;
  const keepsBest = evaluation?.keep === 'best';
  if (folder === undefined && keepsBest)
    throw new UserError('The best weights of a distillation can only be kept in a folder: name one.');
  const started = performance.now();
  const progress =
    folder === undefined ? undefined : new TrainingProgress<Measured<E>>(join(folder, 'training'));
  const bestFolder = join(folder ?? '', 'best');
  const checkpointed = { model: distillation, optimizer, streams, config: identity };
  let startStep = 0;
  let measured: Measured<E> = { curve: [], losses: [], best: null, seconds: 0 };
  if (progress && (await latestCheckpoint(progress.checkpoints)) !== undefined) {
    const loaded = await loadCheckpoint(progress.checkpoints, checkpointed);
    startStep = loaded.step;
    measured = progress.load(startStep);
    options.onContinue?.(startStep, loaded.changedVersions);
  }
  const curve = [...measured.curve];
  let losses = [...measured.losses];
  let best = measured.best ?? undefined;
  let found: E | undefined;
  const seconds = () => measured.seconds + (performance.now() - started) / 1000;
  const checkpointEvery = options.checkpointEvery ?? evaluation?.every;
  const pointEvery = evaluation?.every ?? checkpointEvery ?? steps;

  const { clipNorm } = options;
  const step = makeDistillationStep({ distillation, optimizer, clipNorm });
  const unread: Parts[] = [];
  let drawn = startStep;
  try {
    const result = await train({
      step: (inputs, labels) => {
        const { loss, gradientNorm, ...parts } = step(inputs, labels);
        unread.push(parts);
        return { loss, gradientNorm };
      },
      nextBatch: () => {
        options.beforeStep?.(drawn);
        return batches.at(drawn++);
      },
      steps,
      startStep,
      readEvery: options.readEvery ?? 1,
      onMetrics: async (metrics) => {
        const all = { ...metrics, ...(await read(unread.shift() as Parts)) };
        losses.push(lossesOf(all));
        if (metrics.step % pointEvery === 0 || metrics.step === steps) {
          curve.push({ step: metrics.step, ...meanOf(losses) });
          losses = [];
        }
        options.onMetrics?.(all);
      },
      ...(evaluation && {
        evaluation: {
          every: evaluation.every,
          run: async () => {
            found = await evaluation.run();
            return found.loss;
          },
          onLoss: async (done) => {
            const own = found as E;
            curve.push({ ...(curve.pop() as DistillationPoint), selection: own.selection });
            options.onEvaluation?.(done, own);
            if (best !== undefined && !(own.selection > best.evaluation.selection)) return;
            best = { step: done, evaluation: own };
            if (keepsBest) await saveModel(bestFolder, distillation.student, evaluation.tokenizer);
          },
        },
      }),
      ...(progress && {
        checkpoint: {
          ...(checkpointEvery !== undefined && { every: checkpointEvery }),
          save: (done) =>
            progress.save(done, { curve, losses, best: best ?? null, seconds: seconds() }, () =>
              saveCheckpoint(progress.checkpoints, { ...checkpointed, step: done }),
            ),
        },
      }),
      diagnose: () => findNonFinite(distillation, optimizer),
      ...(options.signal && { signal: options.signal }),
    }).catch((error: unknown) => {
      if (error instanceof NonFiniteError) return error;
      throw error;
    });
    const diverged = result instanceof NonFiniteError;
    const outcome = diverged ? 'diverged' : result.outcome;
    if (outcome === 'finished' && keepsBest && best !== undefined)
      await loadWeights(distillation.student, bestFolder);
    const failure = diverged ? { step: result.step, what: result.message } : undefined;
    return { outcome, failure, step: result.step, curve, best, seconds: seconds() };
  } finally {
    step.dispose();
    for (const parts of unread) disposeParts(parts);
  }
}

type Parts = Omit<DistillationStepResult, 'loss' | 'gradientNorm'>;

/** Disposes them. */
async function read(parts: Parts): Promise<Omit<Losses, 'loss'>> {
  const first = async (scalar: tf.Scalar) => (await scalar.data())[0] as number;
  const [attention, hidden, prediction] = await Promise.all(
    [parts.attention, parts.hidden, parts.prediction].map(first),
  );
  disposeParts(parts);
  return { attention, hidden, prediction } as Omit<Losses, 'loss'>;
}

function disposeParts({ attention, hidden, prediction }: Parts): void {
  for (const scalar of [attention, hidden, prediction]) scalar.dispose();
}

function lossesOf({ loss, attention, hidden, prediction }: Losses): Losses {
  return { loss, attention, hidden, prediction };
}

function meanOf(all: readonly Losses[]): Losses {
  const mean = (name: keyof Losses) => all.reduce((sum, one) => sum + one[name], 0) / all.length;
  return {
    loss: mean('loss'),
    attention: mean('attention'),
    hidden: mean('hidden'),
    prediction: mean('prediction'),
  };
}
