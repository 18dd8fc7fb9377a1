import { createHash } from 'node:crypto';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { classificationTask, evaluateGlue } from '../../src/tasks/index.ts';
import type { Json } from '../../src/training/index.ts';
import { tuneCell } from '../efficient-bert-models/tune-cell.ts';
import type { FineTuningCell, TrainingResult } from './cells.ts';
import type { FineTuningConfig } from './config.ts';
import { openClassifier } from './open-classifier.ts';
import type { FineTuningData } from './start-cells.ts';

export async function trainOurs(
  { id, seed }: FineTuningCell,
  folder: string,
  data: FineTuningData,
  context: CellContext<FineTuningConfig>,
): Promise<TrainingResult> {
  const { task, classes, rows, tokenizer, train, dev, steps } = data;
  const { model, streams, origin } = await openClassifier(
    context.config,
    data.folder,
    tokenizer,
    classes,
    seed,
  );
  const labels = rows.dev.map(({ label }) => label as number);
  const recipe = recipeOf(context.config, data);
  try {
    return await tuneCell(
      {
        label: id,
        seed,
        task: classificationTask(model),
        streams,
        tokenizer,
        examples: train,
        evaluate: async (read) => evaluateGlue(task, await read(dev), labels),
        folder,
        identity: identity(id, recipe, data, context.backend.name),
      },
      { ...context, config: recipe },
      async (tuned): Promise<TrainingResult> => ({
        what: 'ours',
        absent: null,
        diverged: tuned.failure ?? null,
        curve: tuned.curve.map(({ step, training, loss, selection }) => ({
          step,
          training,
          loss,
          accuracy: selection,
        })),
        steps,
        seconds: tuned.seconds,
        trainingExamples: train.size,
        skippedRows: rows.skipped,
        origin,
      }),
    );
  } finally {
    model.dispose();
  }
}

/** With as many epochs as the steps are. */
export function recipeOf(config: FineTuningConfig, { steps, train }: FineTuningData): FineTuningConfig {
  return { ...config, epochs: (steps * config.batchSize) / train.size };
}

/** What a checkpoint must agree with to be continued: what the training depends on. */
function identity(id: string, config: FineTuningConfig, { rows }: FineTuningData, backend: string): Json {
  const contents = createHash('sha256')
    .update(JSON.stringify([rows.train, rows.dev]))
    .digest('hex');
  const { model, batchSize, epochs, learningRate, warmupShare, weightDecay, clipNorm, dropout, length } =
    config;
  const recipe = {
    model,
    batchSize,
    epochs,
    learningRate,
    warmupShare,
    weightDecay,
    clipNorm,
    dropout,
    length,
  };
  return { id, ...recipe, contents, backend };
}
