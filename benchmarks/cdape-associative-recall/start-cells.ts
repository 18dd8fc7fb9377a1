import { positionEncoding } from '../../methods/cdape/index.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { countParameters, LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Json } from '../../src/training/index.ts';
import type { EncodingCell } from '../cdape-training/cells.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { lastPositions } from '../cdape-training/last-positions.ts';
import { makeAdamW } from '../cdape-training/optimization.ts';
import { encodingStreams } from '../cdape-training/streams.ts';
import { trainModel } from '../cdape-training/train-model.ts';
import { recallBatch } from './batches.ts';
import type { RecallConfig } from './config.ts';
import { lookAtExample } from './example.ts';
import type { RecallResult } from './result.ts';
import { testRecall } from './test-recall.ts';

type Context = CellContext<RecallConfig>;

export async function startCells(context: Context): Promise<CellRunner<EncodingCell, RecallResult>> {
  return { run: (cell, folder) => runCell(cell, folder, context), dispose() {} };
}

async function runCell(cell: EncodingCell, folder: string, context: Context): Promise<RecallResult> {
  const { config, backend } = context;
  const streams = new RandomStreams(cell.seed);
  const model = makeModel(cell, config, streams);
  const optimizer = makeAdamW(config, model);
  const { trainPairs, batchSize, encodings: _, ...settings } = config;
  const identity = { cell, ...settings, trainPairs, batchSize, backend: backend.name };
  const { data } = streams;
  try {
    const trained = await trainModel(
      {
        ...config,
        title: `${titleOf(cell.encoding)} seed ${cell.seed}`,
        model: lastPositions(model),
        optimizer,
        streams,
        nextBatch: () =>
          recallBatch(config, trainPairs[data.integer(trainPairs.length)] as number, batchSize, data),
        batchShapes: trainPairs.length,
        identity: JSON.parse(JSON.stringify(identity)) as Json,
      },
      folder,
      context,
    );
    const whole = trained.diverged === null;
    return {
      ...trained,
      parameters: countParameters(model),
      tests: whole ? await testRecall(model, config, cell.seed, context.signal) : [],
      example: whole ? await lookAtExample(model, config, cell.seed) : null,
    };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

function makeModel(
  { encoding, seed }: EncodingCell,
  config: RecallConfig,
  streams: RandomStreams,
): LanguageModel {
  const { keys, values, width, layers, heads, hiddenWidth, kernelSize, initialDeviation } = config;
  const trainingLength = 2 * Math.max(...config.trainPairs) + 1;
  const longest = 2 * Math.max(...config.trainPairs, ...config.testPairs) + 1;
  const sizes = { heads, width, trainingLength, hiddenWidth, kernelSize, maxLength: longest };
  return new LanguageModel(
    {
      vocabulary: keys + values,
      contextLength: longest,
      width,
      layers,
      heads,
      initialDeviation,
      positions: 'none',
      tiedHead: false,
    },
    streams,
    positionEncoding(encoding, sizes, encodingStreams(seed, streams)),
  );
}
