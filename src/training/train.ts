import { setImmediate } from 'node:timers/promises';
import type * as tf from '@tensorflow/tfjs';
import type { Batch } from '../data/index.ts';
import { NonFiniteError, type NonFiniteTensor } from './non-finite.ts';
import type { Schedule } from './schedules.ts';
import type { StepResult } from './train-step.ts';

/** Of one update. Steps count from 1 here: `step` updates were done when it was over. */
export interface StepMetrics {
  readonly step: number;
  /** Mean loss of the batch before the update, in nats. */
  readonly loss: number;
  /** ‖g‖₂ before clipping; undefined where the step does not report it. */
  readonly gradientNorm: number | undefined;
  /** Of this update; undefined where the loop was not told the schedule. */
  readonly learningRate: number | undefined;
  /**
   * Over the steps since losses were read last, evaluation and checkpoints left out. On the `tensorflow` backend the first two steps of
   * a process are slow: they record the graph.
   */
  readonly tokensPerSecond: number;
}

export interface TrainOptions {
  /** Updates the model once; see `makeTrainStep`. */
  readonly step: (tokens: tf.Tensor2D, targets: tf.Tensor2D) => StepResult;
  /** The next batch, which the loop disposes. */
  readonly nextBatch: () => Batch;
  /** Updates in all, those before `startStep` included. */
  readonly steps: number;
  /** Updates done before, where a checkpoint is continued. Default 0. */
  readonly startStep?: number;
  /** For the metrics only: the optimizer has its own. */
  readonly learningRate?: Schedule;
  /**
   * Losses are read every so many steps, and then all of them. Default 1. More spares a wait for the device on webgpu, and gains
   * nothing elsewhere; a loss that is not finite is found that much later, but still named by its own step.
   */
  readonly readEvery?: number;
  readonly onMetrics?: (metrics: StepMetrics) => void | Promise<void>;
  readonly evaluation?: {
    /** After steps that are a multiple of it, and after the last. */
    readonly every: number;
    /** Mean loss in nats; see `makeEvaluator`. */
    readonly run: () => Promise<number>;
    readonly onLoss: (step: number, loss: number) => void | Promise<void>;
  };
  readonly checkpoint?: {
    /** After steps that are a multiple of it, besides after the last one and when interrupted. Default: never. */
    readonly every?: number;
    readonly save: (step: number) => Promise<unknown>;
  };
  /** What is not finite, by name, once a loss or gradient is; see `findNonFinite`. */
  readonly diagnose?: () => Promise<readonly NonFiniteTensor[]>;
  /** Once aborted, the step in flight is finished, a checkpoint written, and the loop left. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly outcome: 'finished' | 'interrupted';
  /** Updates done, those before `startStep` included. */
  readonly step: number;
  /** Of the last update made here; undefined if there was none. */
  readonly loss: number | undefined;
}

/**
 * Runs training steps `startStep` to `steps`. At a step where several things are due, metrics come first, then evaluation, then the
 * checkpoint, so that whoever continues from it repeats none of them.
 *
 * @throws NonFiniteError at the first loss or gradient norm that is NaN or infinite; no checkpoint is written after it. Where the step
 *   does not report the norm, the next loss shows it, and before a checkpoint `diagnose` is asked.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { steps, startStep = 0, readEvery = 1, evaluation, checkpoint, signal } = options;
  const reader = new MetricsReader(options);
  let savedAt = startStep > 0 ? startStep : -1;
  const save = async (step: number): Promise<void> => {
    if (checkpoint === undefined || savedAt === step) return;
    await reader.checkUnreported();
    await checkpoint.save(step);
    savedAt = step;
  };
  try {
    for (let done = startStep; done < steps; ) {
      if (signal?.aborted) {
        await reader.read();
        await save(done);
        return { outcome: 'interrupted', step: done, loss: reader.lastLoss };
      }
      const learningRate = options.learningRate?.(done);
      const batch = options.nextBatch();
      let result: StepResult;
      try {
        result = options.step(batch.tokens, batch.targets);
      } finally {
        batch.tokens.dispose();
        batch.targets.dispose();
      }
      done++;
      reader.add({ step: done, result, learningRate, tokens: batch.tokens.size });

      const evaluate = evaluation !== undefined && isDue(done, evaluation.every, steps);
      const saveNow = checkpoint !== undefined && isDue(done, checkpoint.every, steps);
      if (evaluate || saveNow || isDue(done, readEvery, steps)) await reader.read();
      if (evaluate) await evaluation.onLoss(done, await evaluation.run());
      if (saveNow) await save(done);
      if (evaluate || saveNow) reader.restartClock();
      await setImmediate(); // some backends read synchronously: let signals and timers in
    }
    return { outcome: 'finished', step: Math.max(startStep, steps), loss: reader.lastLoss };
  } finally {
    reader.dispose();
  }
}

function isDue(done: number, every: number | undefined, steps: number): boolean {
  return done === steps || (every !== undefined && done % every === 0);
}

interface Pending {
  readonly step: number;
  readonly result: StepResult;
  readonly learningRate: number | undefined;
  readonly tokens: number;
}

/** Holds the scalars of steps until they are read. */
class MetricsReader {
  lastLoss: number | undefined;
  readonly #options: TrainOptions;
  #pending: Pending[] = [];
  #clock = performance.now();
  /** The last step read, if its gradient norm is not known. */
  #unreported: number | undefined;

  constructor(options: TrainOptions) {
    this.#options = options;
  }

  add(pending: Pending): void {
    this.#pending.push(pending);
  }

  /** Reads and reports all steps that wait. */
  async read(): Promise<void> {
    const values = await Promise.all(
      this.#pending.map(
        async ({ result: { loss, gradientNorm } }) =>
          [await first(loss), gradientNorm && (await first(gradientNorm))] as const,
      ),
    );
    const seconds = (performance.now() - this.#clock) / 1000;
    const tokens = this.#pending.reduce((sum, pending) => sum + pending.tokens, 0);
    const read = this.#pending;
    this.dispose();
    for (const [i, { step, learningRate }] of read.entries()) {
      const [loss, gradientNorm] = values[i] as (typeof values)[number];
      if (!Number.isFinite(loss)) throw await this.#nonFinite(step, 'loss', loss);
      this.lastLoss = loss;
      await this.#options.onMetrics?.({
        step,
        loss,
        gradientNorm,
        learningRate,
        tokensPerSecond: tokens / seconds,
      });
      if (gradientNorm !== undefined && !Number.isFinite(gradientNorm)) {
        throw await this.#nonFinite(step, 'gradient norm', gradientNorm);
      }
      this.#unreported = gradientNorm === undefined ? step : undefined;
    }
    this.restartClock();
  }

  /** Looks at what the last step that was read has written, where no gradient norm tells whether it is finite. */
  async checkUnreported(): Promise<void> {
    if (this.#unreported === undefined) return;
    const tensors = (await this.#options.diagnose?.()) ?? [];
    if (tensors.length > 0) throw new NonFiniteError(this.#unreported, 'update', 'not finite', tensors);
  }

  restartClock(): void {
    this.#clock = performance.now();
  }

  dispose(): void {
    for (const { result } of this.#pending) {
      result.loss.dispose();
      result.gradientNorm?.dispose();
    }
    this.#pending = [];
  }

  async #nonFinite(step: number, quantity: string, value: number): Promise<NonFiniteError> {
    return new NonFiniteError(step, quantity, value, (await this.#options.diagnose?.()) ?? []);
  }
}

async function first(scalar: tf.Scalar): Promise<number> {
  return (await scalar.data())[0] as number;
}
