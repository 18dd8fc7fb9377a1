import { createHash } from 'node:crypto';
import { type EncoderModel, SpanExtractor } from '../../src/bert/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { evaluateSquad, spanTask } from '../../src/tasks/index.ts';
import type { Json } from '../../src/training/index.ts';
import { openTaskModel } from '../efficient-bert-models/open-task-model.ts';
import { tuneCell } from '../efficient-bert-models/tune-cell.ts';
import { countAnswers, samplesOf, untrainedScores } from './answers.ts';
import type { SquadCell, SquadResult } from './cells.ts';
import { answerOptionsOf, type SquadConfig } from './config.ts';
import { saveFiles } from './save-files.ts';
import type { SquadData } from './start-cells.ts';

export async function runCell(
  cell: SquadCell,
  folder: string,
  data: SquadData,
  context: CellContext<SquadConfig>,
): Promise<SquadResult> {
  const { config } = context;
  const { questions, tokenizer, train, dev } = data;
  const streams = new RandomStreams(cell.seed);
  const { model, origin } = await openTaskModel(config, data.folder, tokenizer, {
    head: (encoder: EncoderModel) => new SpanExtractor(encoder, streams),
    streams,
    length: config.length,
    dropout: config.dropout,
  });
  const { selectAtBestThreshold } = config;
  const options = { ...answerOptionsOf(config), selectAtBestThreshold };
  try {
    return await tuneCell(
      {
        label: `squad ${config.version} seed ${cell.seed}`,
        seed: cell.seed,
        task: spanTask(model),
        streams,
        tokenizer,
        examples: train,
        evaluate: async (read) => evaluateSquad(dev, await read(dev), options),
        folder,
        identity: identity(cell, data, context),
      },
      context,
      async ({ best, outcome, failure, curve, seconds }, _read, steps): Promise<SquadResult> => {
        const answers = best?.evaluation.answers ?? [];
        const finished = best !== undefined && outcome === 'finished';
        return {
          diverged: failure ?? null,
          curve,
          best: best ? { step: best.step, ...withoutAnswers(best.evaluation) } : null,
          counts: best ? countAnswers(questions.dev, answers) : null,
          samples: best ? samplesOf(questions.dev, answers) : [],
          untrained: untrainedScores(questions.dev),
          steps,
          seconds,
          parameters: countParameters(model),
          trainingQuestions: questions.train.length,
          trainingWindows: train.size,
          devQuestions: questions.dev.length,
          leftOut: train.leftOut,
          skippedRecords: questions.skipped,
          origin,
          saved: finished ? await saveFiles(cell, { model, tokenizer, answers }, config) : null,
        };
      },
    );
  } finally {
    model.dispose();
  }
}

function withoutAnswers<T extends { readonly answers: unknown }>({ answers: _, ...rest }: T) {
  return rest;
}

/** What a checkpoint must agree with to be continued: all settings but those that do not touch the training, and the data. */
function identity(cell: SquadCell, data: SquadData, { config, backend }: CellContext<SquadConfig>): Json {
  const { dataDir: _dataDir, saveTo: _saveTo, points: _points, ...settings } = config;
  const { train, dev } = data.questions;
  const contents = createHash('sha256');
  for (const question of [...train, ...dev]) contents.update(JSON.stringify(question));
  const described = { cell, ...settings, contents: contents.digest('hex'), backend: backend.name };
  return JSON.parse(JSON.stringify(described)) as Json;
}
