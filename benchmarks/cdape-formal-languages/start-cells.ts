import { positionEncoding } from '../../methods/cdape/index.ts';
import { formalTask } from '../../src/data/formal-languages/index.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Json } from '../../src/training/index.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { lastPositions } from '../cdape-training/last-positions.ts';
import { makeAdamW } from '../cdape-training/optimization.ts';
import { encodingStreams } from '../cdape-training/streams.ts';
import { trainModel } from '../cdape-training/train-model.ts';
import { formalBatch } from './batches.ts';
import type { FormalCell } from './cells.ts';
import type { FormalConfig } from './config.ts';
import { FormalEncoder } from './encoder.ts';
import type { FormalResult } from './result.ts';
import { testTask } from './test-task.ts';

type Context = CellContext<FormalConfig>;

export async function startCells(context: Context): Promise<CellRunner<FormalCell, FormalResult>> {
  return { run: (cell, folder) => runCell(cell, folder, context), dispose() {} };
}

async function runCell(cell: FormalCell, folder: string, context: Context): Promise<FormalResult> {
  const { config, backend } = context;
  const streams = new RandomStreams(cell.seed);
  const task = formalTask(cell.task);
  const model = makeEncoder(cell, config, streams);
  const optimizer = makeAdamW(config, model);
  const { tasks: _, encodings: __, ...settings } = config;
  const { trainLengths, batchSize } = config;
  const { data } = streams;
  try {
    const trained = await trainModel(
      {
        ...config,
        title: `${cell.task} ${titleOf(cell.encoding)} seed ${cell.seed}`,
        model: lastPositions(model),
        optimizer,
        streams,
        nextBatch: () =>
          formalBatch(task, trainLengths[data.integer(trainLengths.length)] as number, batchSize, data),
        batchShapes: trainLengths.length,
        identity: JSON.parse(JSON.stringify({ cell, ...settings, backend: backend.name })) as Json,
      },
      folder,
      context,
    );
    const tests = trained.diverged === null ? await testTask(model, cell, config, context.signal) : [];
    return { ...trained, parameters: countParameters(model), tests };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

export function makeEncoder(
  { task: name, encoding, seed }: Pick<FormalCell, 'task' | 'encoding' | 'seed'>,
  config: FormalConfig,
  streams: RandomStreams,
): FormalEncoder {
  const { heads, width, hiddenWidth, kernelSize, maxLength, trainLengths } = config;
  const task = formalTask(name);
  const longest = Math.max(...trainLengths);
  const trainingLength = longest + task.outputLength(longest);
  const sizes = { heads, width, trainingLength, hiddenWidth, kernelSize, maxLength };
  const encodings = positionEncoding(encoding, sizes, encodingStreams(seed, streams));
  return new FormalEncoder({ ...config, inputs: task.inputs + 1, outputs: task.classes }, encodings, streams);
}
