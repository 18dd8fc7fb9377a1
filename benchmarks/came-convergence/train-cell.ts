import { type Corpus, evaluationWindows, randomWindows } from '../../src/data/index.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import { countParameters, LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import {
  findNonFinite,
  type Json,
  latestCheckpoint,
  loadCheckpoint,
  makeEvaluator,
  makeTrainStep,
  NonFiniteError,
  saveCheckpoint,
  train,
} from '../../src/training/index.ts';
import { CellProgress, nothingMeasured } from './cell-progress.ts';
import { type CellResult, type CurveEntry, type TrainingCell, titles } from './cells.ts';
import type { CameConvergenceConfig } from './config.ts';
import { makeOptimizer } from './optimizers.ts';

type Context = Pick<CellContext<CameConvergenceConfig>, 'config' | 'backend' | 'progress' | 'signal'> & {
  readonly corpus: Corpus;
};

/** The first steps record the graph. */
const untimedSteps = 2;

/**
 * Trains one model from its initial weights, or from where an earlier process left it, to its last step. The seed alone decides
 * the initial weights and the batches, so that both contestants meet the same ones.
 *
 * @param folder for checkpoints
 */
export async function trainCell(cell: TrainingCell, folder: string, context: Context): Promise<CellResult> {
  const { config, corpus, backend, progress, signal } = context;
  const { width, layers, heads, context: contextLength, batchSize, steps } = config;
  const streams = new RandomStreams(cell.seed);
  const vocabulary = corpus.vocabulary.size;
  const model = new LanguageModel({ vocabulary, contextLength, width, layers, heads }, streams);
  const optimizer = makeOptimizer(cell, config);
  const step = makeTrainStep({ model, optimizer, clipNorm: config.clipNorm });
  const evaluator = makeEvaluator(model);
  const windows = { batchSize, context: contextLength };
  const cellProgress = new CellProgress(folder);
  const checkpointed = { model, optimizer, streams, config: identity(cell, context) };

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
    const every = Math.ceil(steps / config.evaluations);
    const label = `${titles[cell.contestant]} lr ${cell.learningRate} seed ${cell.seed}`;
    progress.expect(steps - startStep);

    const result = await train({
      step,
      nextBatch: () => randomWindows(corpus.train, windows, streams.data),
      steps,
      startStep,
      // Reading waits for the device, which costs something on a GPU alone.
      readEvery: backend.threads === 0 ? 10 : 1,
      onMetrics: ({ step: done, loss, tokensPerSecond }) => {
        lossSum += loss;
        lossCount++;
        if (done - startStep > untimedSteps) {
          seconds += (batchSize * contextLength) / tokensPerSecond;
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
        run: () => evaluator(evaluationWindows(corpus.validation, windows, config.validationWindows)),
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
    }).catch((error: unknown) => {
      if (error instanceof NonFiniteError) return error;
      throw error;
    });
    if (!(result instanceof NonFiniteError) && result.outcome === 'interrupted') throw new Interrupted();
    const diverged = result instanceof NonFiniteError ? { step: result.step, what: result.message } : null;
    if (diverged !== null) {
      progress.note(`${label}: ${diverged.what}`);
      progress.advance({ label, step: diverged.step, steps }, steps - diverged.step);
    }
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

/** What a checkpoint must agree with to be continued. */
function identity(cell: TrainingCell, { config, corpus, backend }: Context): Json {
  return JSON.parse(JSON.stringify({ cell, config, corpus: corpus.sha256, backend: backend.name })) as Json;
}
