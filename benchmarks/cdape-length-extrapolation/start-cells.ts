import { positionEncoding } from '../../methods/cdape/index.ts';
import { type Corpus, randomWindows } from '../../src/data/index.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { countParameters, LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Json } from '../../src/training/index.ts';
import { loadCorpus } from '../came-training/corpus.ts';
import type { EncodingCell } from '../cdape-training/cells.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { makeAdamW } from '../cdape-training/optimization.ts';
import { encodingStreams } from '../cdape-training/streams.ts';
import { trainModel } from '../cdape-training/train-model.ts';
import { deviationOf, type ExtrapolationConfig, longestOf } from './config.ts';
import type { ExtrapolationResult } from './result.ts';
import { testLengths } from './test-lengths.ts';

type Context = CellContext<ExtrapolationConfig>;

export async function startCells(context: Context): Promise<CellRunner<EncodingCell, ExtrapolationResult>> {
  const { config, data, progress } = context;
  const corpus = loadCorpus({ ...config, context: longestOf(config) }, data);
  progress.note(
    `Text: ${corpus.name}, ${corpus.train.length.toLocaleString('en-US')} tokens to train on, ` +
      `${corpus.validation.length.toLocaleString('en-US')} to validate, vocabulary ${corpus.vocabulary.size}.`,
  );
  return { run: (cell, folder) => runCell(cell, folder, context, corpus), dispose() {} };
}

async function runCell(
  cell: EncodingCell,
  folder: string,
  context: Context,
  corpus: Corpus,
): Promise<ExtrapolationResult> {
  const { config, backend, signal } = context;
  const streams = new RandomStreams(cell.seed);
  const model = makeModel(cell, config, corpus.vocabulary.size, streams);
  const optimizer = makeAdamW(config);
  const { encodings: _, order: __, ...settings } = config;
  const identity = { cell, ...settings, corpus: corpus.sha256, backend: backend.name };
  try {
    const trained = await trainModel(
      {
        ...config,
        title: `${titleOf(cell.encoding)} seed ${cell.seed}`,
        model,
        optimizer,
        streams,
        nextBatch: () => randomWindows(corpus.train, config, streams.data),
        identity: JSON.parse(JSON.stringify(identity)) as Json,
      },
      folder,
      context,
    );
    const tests = trained.diverged === null ? await testLengths(model, config, corpus, signal) : [];
    return { ...trained, parameters: countParameters(model), tests };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** Untied, without a bias at the head, as the authors' GPT-NeoX. */
export function makeModel(
  { encoding, seed }: Pick<EncodingCell, 'encoding' | 'seed'>,
  config: ExtrapolationConfig,
  vocabulary: number,
  streams: RandomStreams,
): LanguageModel {
  const { width, layers, heads, context, hiddenWidth, kernelSize } = config;
  const longest = longestOf(config);
  const sizes = { heads, width, trainingLength: context, hiddenWidth, kernelSize, maxLength: longest };
  return new LanguageModel(
    {
      vocabulary: config.vocabularyRows || vocabulary,
      contextLength: longest,
      width,
      layers,
      heads,
      initialDeviation: deviationOf(config),
      positions: 'none',
      tiedHead: false,
    },
    streams,
    positionEncoding(encoding, sizes, encodingStreams(seed, streams)),
  );
}
