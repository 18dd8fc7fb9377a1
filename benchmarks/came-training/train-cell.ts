import type { Corpus } from '../../src/data/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { trainOrDiverge } from '../../src/experiment/train-or-diverge.ts';
import { countParameters } from '../../src/nn/index.ts';
import { type Optimizer, ScheduleFreeAdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import {
  type Evaluator,
  findNonFinite,
  type Json,
  latestCheckpoint,
  loadCheckpoint,
  makeEvaluator,
  makeTrainStep,
  saveCheckpoint,
} from '../../src/training/index.ts';
import { CellProgress, nothingMeasured } from './cell-progress.ts';
import type { CellResult, CurveEntry, TrainingCell } from './cells.ts';
import type { ContestantName, ContestantSettings } from './contestants.ts';
import { makeOptimizer } from './optimizers.ts';
import type { TaskConfig } from './task.ts';
import { createModel, type ModelAndData } from './training-data.ts';

/** What one cell trains, and with what. */
export interface Training {
  /** On the line of progress. */
  readonly title: string;
  /** `batchSize` is that of a micro batch. */
  readonly task: TaskConfig;
  readonly optimizer: ContestantName;
  readonly settings: ContestantSettings;
  /** Micro batches whose gradients are averaged for one step; default 1. */
  readonly accumulation?: number;
}

type Context = Pick<CellContext, 'backend' | 'progress' | 'signal'> & { readonly corpus: Corpus };

/** The first steps record the graph. */
const untimedSteps = 2;

/**
 * Trains one model from its initial weights, or from where an earlier process left it, to its last step. The seed alone decides
 * the initial weights, the batches and the masks, so that all contestants meet the same ones.
 *
 * @param folder for checkpoints
 */
export async function trainCell(
  cell: TrainingCell,
  training: Training,
  folder: string,
  context: Context,
): Promise<CellResult> {
  const { corpus, backend, progress, signal } = context;
  const { task, settings, accumulation = 1 } = training;
  const { steps } = task;
  const rows = task.batchSize * accumulation;
  const streams = new RandomStreams(cell.seed);
  const data = createModel(task, corpus, streams);
  const { model } = data;
  const own = settings[training.optimizer];
  const optimizer = makeOptimizer(training.optimizer, own, cell.learningRate, task, model);
  const step = makeTrainStep({ model, optimizer, clipNorm: task.clipNorm, accumulation });
  const evaluator = makeEvaluator(model);
  const cellProgress = new CellProgress(folder);
  const config = identity(cell, training, context);
  const checkpointed = { model, optimizer, streams, config };

  try {
    let { startStep, measured } = { startStep: 0, measured: nothingMeasured };
    if ((await latestCheckpoint(cellProgress.checkpoints)) !== undefined) {
      const loaded = await loadCheckpoint(cellProgress.checkpoints, checkpointed);
      startStep = loaded.step;
      measured = cellProgress.load(startStep);
      for (const change of loaded.changedVersions) progress.warn(`the last bits may differ: ${change}`);
    }
    const curve: CurveEntry[] = [...measured.curve];
    let { lossSum, lossCount } = measured;
    let [seconds, timed] = [0, 0];
    const every = Math.ceil(steps / task.evaluations);
    const label = `${training.title} lr ${cell.learningRate} seed ${cell.seed}`;
    progress.expect(steps - startStep);

    const diverged = await trainOrDiverge(
      {
        step,
        nextBatch: () => data.nextBatch(rows),
        steps,
        startStep,
        // Reading waits for the device, which costs something on a GPU alone.
        readEvery: backend.threads === 0 ? 10 : 1,
        onMetrics: ({ step: done, loss, tokensPerSecond }) => {
          lossSum += loss;
          lossCount++;
          if (done - startStep > untimedSteps) {
            seconds += (rows * task.context) / tokensPerSecond;
            timed++;
          }
          const validation = curve.at(-1)?.validation;
          progress.advance({
            label,
            step: done,
            steps,
            values: { loss, ...(validation !== undefined && { validation }) },
          });
        },
        evaluation: {
          every,
          run: () => evaluate(evaluator, data, optimizer),
          onLoss: (done, validation) => {
            curve.push({ step: done, loss: lossSum / lossCount, validation });
            [lossSum, lossCount] = [0, 0];
          },
        },
        checkpoint: {
          every,
          save: (done) =>
            cellProgress.save(done, { curve, lossSum, lossCount }, () =>
              saveCheckpoint(cellProgress.checkpoints, { ...checkpointed, step: done }),
            ),
        },
        diagnose: () => findNonFinite(model, optimizer),
        signal,
      },
      { label, progress },
    );
    return {
      diverged,
      curve,
      parameters: countParameters(model),
      stateBytes: optimizer.stateBytes(),
      stepsPerSecond: timed === 0 ? 0 : timed / seconds,
    };
  } finally {
    step.dispose();
    evaluator.dispose();
    optimizer.dispose();
    model.dispose();
  }
}

/** Of Schedule-Free AdamW it is the average that counts, and it stands in the weights only while it is asked for. */
async function evaluate(evaluator: Evaluator, data: ModelAndData, optimizer: Optimizer): Promise<number> {
  // Not by instanceof: to TensorFlow.js whatever has the methods of an optimizer is an instance of any of them.
  if (optimizer.getClassName() !== ScheduleFreeAdamW.className) return evaluator(data.evaluationBatches());
  const averaging = optimizer as ScheduleFreeAdamW;
  averaging.toEvaluation();
  try {
    return await evaluator(data.evaluationBatches());
  } finally {
    averaging.toTraining();
  }
}

/** What a checkpoint must agree with to be continued. */
function identity(cell: TrainingCell, training: Training, { corpus, backend }: Context): Json {
  const { optimizer, settings, ...rest } = training;
  const what = { cell, ...rest, optimizer, settings: settings[optimizer] };
  return JSON.parse(JSON.stringify({ ...what, corpus: corpus.sha256, backend: backend.name })) as Json;
}
