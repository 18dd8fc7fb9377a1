import { createHash } from 'node:crypto';
import { type EncoderModel, SequenceClassifier, SequenceRegressor } from '../../src/bert/index.ts';
import { type CellContext, Interrupted } from '../../src/experiment/experiment.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import {
  classificationTask,
  evaluateGlue,
  fineTune,
  makeOutputReader,
  regressionTask,
  type TaskModel,
} from '../../src/tasks/index.ts';
import type { Json } from '../../src/training/index.ts';
import { openTaskModel } from '../efficient-bert-models/open-task-model.ts';
import { makeOptimizer } from '../efficient-bert-models/optimizers.ts';
import { stepsOf } from '../efficient-bert-models/recipe.ts';
import type { GlueCell, GlueResult } from './cells.ts';
import type { GlueConfig } from './config.ts';
import { saveFiles } from './save-files.ts';
import type { GlueData } from './start-cells.ts';

/** Evaluation needs no gradients, and so less memory. */
const evaluationFactor = 4;

export async function runCell(
  cell: GlueCell,
  folder: string,
  data: GlueData,
  context: CellContext<GlueConfig>,
): Promise<GlueResult> {
  const { config, backend, progress, signal } = context;
  const { rows, tokenizer } = data;
  const streams = new RandomStreams(cell.seed);
  const steps = stepsOf(config, data.train.size);
  const label = `${data.task.name} seed ${cell.seed}`;
  const { task, origin } = await openTask(data, config, streams);
  const optimizer = makeOptimizer(config, steps, task.model);
  const evaluationBatch = evaluationFactor * config.batchSize;
  const read = makeOutputReader(task, evaluationBatch);
  const labels = rows.dev.map(({ label: own }) => own as number);
  const averaged = config.averageOverBatches ? evaluationBatch : undefined;
  try {
    let announced = steps;
    const tuned = await fineTune({
      task,
      optimizer,
      streams,
      examples: data.train,
      batchSize: config.batchSize,
      seed: cell.seed,
      steps,
      clipNorm: config.clipNorm,
      every: Math.ceil(steps / config.evaluations),
      evaluate: async () => evaluateGlue(data.task, await read(data.dev), labels, averaged),
      folder,
      identity: identity(cell, data, context),
      tokenizer,
      readEvery: backend.threads === 0 ? 10 : 1, // reading waits for the device, which costs something on a GPU alone
      onContinue: (step, changes) => {
        announced = steps - step;
        for (const change of changes) progress.warn(`the last bits may differ: ${change}`);
      },
      onMetrics: ({ step, loss }) => {
        if (announced > 0) progress.expect(announced);
        announced = 0;
        progress.advance({ label, step, steps, values: { loss } });
      },
      onEvaluation: (step, { selection }) => {
        progress.advance({ label, step, steps, values: { dev: selection } }, 0);
      },
      signal,
    });
    if (tuned.outcome === 'interrupted') throw new Interrupted();
    const { best } = tuned;
    if (tuned.failure) progress.note(`${label}: ${tuned.failure.what}`);
    const predictions = (best?.evaluation.predictions ?? []).map((prediction, i) => ({
      line: rows.dev[i]?.line as number,
      label: labels[i] as number,
      prediction,
    }));
    const saved =
      best && tuned.outcome === 'finished'
        ? await saveFiles(cell, { ...data, model: task.model, read, predictions }, config)
        : null;
    return {
      diverged: tuned.failure ?? null,
      curve: tuned.curve,
      best: best ? { step: best.step, ...withoutPredictions(best.evaluation) } : null,
      predictions,
      steps,
      seconds: tuned.seconds,
      parameters: countParameters(task.model),
      trainingExamples: data.train.size,
      skippedRows: rows.skipped,
      origin,
      saved,
    };
  } finally {
    read.dispose();
    optimizer.dispose();
    task.model.dispose();
  }
}

function withoutPredictions<T extends { readonly predictions: unknown }>({ predictions: _, ...rest }: T) {
  return rest;
}

async function openTask(
  { task, tokenizer, folder }: GlueData,
  config: GlueConfig,
  streams: RandomStreams,
): Promise<{ readonly task: TaskModel; readonly origin: string }> {
  const { length, dropout } = config;
  const given = { streams, length, dropout };
  const { classes } = task;
  if (classes === null) {
    const head = (encoder: EncoderModel) => new SequenceRegressor(encoder, streams);
    const { model, origin } = await openTaskModel(config, folder, tokenizer, { ...given, head });
    return { task: regressionTask(model), origin };
  }
  const head = (encoder: EncoderModel) => new SequenceClassifier(encoder, classes, streams);
  const { model, origin } = await openTaskModel(config, folder, tokenizer, { ...given, head });
  return { task: classificationTask(model), origin };
}

/** What a checkpoint must agree with to be continued: all settings but those that do not touch the training, and the data. */
function identity(cell: GlueCell, data: GlueData, { config, backend }: CellContext<GlueConfig>): Json {
  const { dataDir: _dataDir, saveTo: _saveTo, points: _points, minutes: _minutes, ...settings } = config;
  const { train, dev } = data.rows;
  const contents = createHash('sha256')
    .update(JSON.stringify([train, dev]))
    .digest('hex');
  return JSON.parse(JSON.stringify({ cell, ...settings, contents, backend: backend.name })) as Json;
}
