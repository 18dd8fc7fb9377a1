import { createHash } from 'node:crypto';
import { type EncoderModel, SequenceClassifier, SequenceRegressor } from '../../src/bert/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { classificationTask, evaluateGlue, regressionTask, type TaskModel } from '../../src/tasks/index.ts';
import type { Json } from '../../src/training/index.ts';
import { openTaskModel } from '../efficient-bert-models/open-task-model.ts';
import { evaluationBatchOf, tuneCell } from '../efficient-bert-models/tune-cell.ts';
import type { GlueCell, GlueResult } from './cells.ts';
import type { GlueConfig } from './config.ts';
import { saveFiles } from './save-files.ts';
import type { GlueData } from './start-cells.ts';

export async function runCell(
  cell: GlueCell,
  folder: string,
  data: GlueData,
  context: CellContext<GlueConfig>,
): Promise<GlueResult> {
  const { config } = context;
  const { rows, tokenizer } = data;
  const streams = new RandomStreams(cell.seed);
  const { task, origin } = await openTask(data, config, streams);
  const labels = rows.dev.map(({ label }) => label as number);
  const averaged = config.averageOverBatches ? evaluationBatchOf(config) : undefined;
  try {
    return await tuneCell(
      {
        label: `${data.task.name} seed ${cell.seed}`,
        seed: cell.seed,
        task,
        streams,
        tokenizer,
        examples: data.train,
        evaluate: async (read) => evaluateGlue(data.task, await read(data.dev), labels, averaged),
        folder,
        identity: identity(cell, data, context),
      },
      context,
      async ({ best, outcome, failure, curve, seconds }, read, steps) => {
        const predictions = (best?.evaluation.predictions ?? []).map((prediction, i) => ({
          line: rows.dev[i]?.line as number,
          label: labels[i] as number,
          prediction,
        }));
        const saved =
          best && outcome === 'finished'
            ? await saveFiles(cell, { ...data, model: task.model, read, predictions }, config)
            : null;
        return {
          diverged: failure ?? null,
          curve,
          best: best ? { step: best.step, ...withoutPredictions(best.evaluation) } : null,
          predictions,
          steps,
          seconds,
          parameters: countParameters(task.model),
          trainingExamples: data.train.size,
          skippedRows: rows.skipped,
          origin,
          saved,
        };
      },
    );
  } finally {
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
