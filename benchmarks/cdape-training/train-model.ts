import type { Batch } from '../../src/data/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { trainOrDiverge } from '../../src/experiment/train-or-diverge.ts';
import type { Optimizer } from '../../src/optimizers/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import {
  findNonFinite,
  type Json,
  latestCheckpoint,
  loadCheckpoint,
  makeTrainStep,
  saveCheckpoint,
  type TrainableModel,
  TrainingProgress,
} from '../../src/training/index.ts';
import type { CurvePoint, Trained } from './trained.ts';

export interface ModelTraining {
  /** On the line of progress. */
  readonly title: string;
  readonly model: TrainableModel;
  readonly optimizer: Optimizer;
  /** Saved with the model: what `nextBatch` and dropout draw from. */
  readonly streams: RandomStreams;
  readonly nextBatch: () => Batch;
  readonly steps: number;
  readonly clipNorm: number;
  /** How many points the learning curve has. */
  readonly curvePoints: number;
  /** How many shapes batches have, each of which is recorded on its own. Default 1. */
  readonly batchShapes?: number;
  /** What a checkpoint must agree with to be continued. */
  readonly identity: Json;
}

interface Measured {
  readonly curve: readonly CurvePoint[];
  /** Training losses since the last point of the curve: their sum and number. */
  readonly lossSum: number;
  readonly lossCount: number;
}

type Context = Pick<CellContext, 'backend' | 'progress' | 'signal'>;

/**
 * Trains to the last step, captured, from the beginning or from where an earlier process left it in `folder`. Model and
 * optimizer remain the caller's.
 *
 * @throws Interrupted after saving, where the signal is aborted
 */
export async function trainModel(
  training: ModelTraining,
  folder: string,
  context: Context,
): Promise<Trained> {
  const { title: label, model, optimizer, streams, nextBatch, steps, batchShapes = 1 } = training;
  const { backend, progress, signal } = context;
  const cellProgress = new TrainingProgress<Measured>(folder);
  const checkpointed = { model, optimizer, streams, config: training.identity };
  let startStep = 0;
  let measured: Measured = { curve: [], lossSum: 0, lossCount: 0 };
  if ((await latestCheckpoint(cellProgress.checkpoints)) !== undefined) {
    const loaded = await loadCheckpoint(cellProgress.checkpoints, checkpointed);
    startStep = loaded.step;
    measured = cellProgress.load(startStep);
    for (const change of loaded.changedVersions) progress.warn(`the last bits may differ: ${change}`);
  }
  const curve = [...measured.curve];
  let { lossSum, lossCount } = measured;
  const every = Math.ceil(steps / training.curvePoints);
  const step = makeTrainStep({ model, optimizer, clipNorm: training.clipNorm, batchShapes });
  progress.expect(steps - startStep);
  const started = performance.now();
  try {
    const diverged = await trainOrDiverge(
      {
        step,
        nextBatch,
        steps,
        startStep,
        readEvery: backend.threads === 0 ? 10 : 1, // reading waits for the device, which costs something on a GPU alone
        onMetrics: ({ step: done, loss }) => {
          lossSum += loss;
          lossCount++;
          if (done % every === 0 || done === steps) {
            curve.push({ step: done, loss: lossSum / lossCount });
            [lossSum, lossCount] = [0, 0];
          }
          progress.advance({ label, step: done, steps, values: { loss } });
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
    const seconds = (performance.now() - started) / 1000;
    return { diverged, curve, secondsPerStep: startStep < steps ? seconds / (steps - startStep) : 0 };
  } finally {
    step.dispose();
  }
}
