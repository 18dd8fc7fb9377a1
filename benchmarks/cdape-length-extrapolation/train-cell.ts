import { positionEncoding } from '../../methods/cdape/index.ts';
import { type Corpus, randomWindows } from '../../src/data/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { countParameters, LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { Json } from '../../src/training/index.ts';
import type { EncodingCell } from '../cdape-training/cells.ts';
import { makeAdamW } from '../cdape-training/optimization.ts';
import { encodingStreams } from '../cdape-training/streams.ts';
import { trainModel } from '../cdape-training/train-model.ts';
import type { Trained } from '../cdape-training/trained.ts';
import { deviationsOf, type LanguageTask, longestOf } from './config.ts';

interface Given {
  /** On the line of progress. */
  readonly title: string;
  readonly cell: EncodingCell;
  readonly task: LanguageTask;
  readonly corpus: Corpus;
  readonly folder: string;
}

/**
 * Trains a language model with the encoding of the cell, and looks at it.
 *
 * @param look not asked where training diverged
 */
export async function trainCell<R>(
  { title, cell, task, corpus, folder }: Given,
  context: Pick<CellContext, 'backend' | 'progress' | 'signal'>,
  look: (model: LanguageModel) => Promise<R>,
): Promise<Trained & { readonly parameters: number; readonly seen: R | undefined }> {
  const streams = new RandomStreams(cell.seed);
  const model = makeModel(cell, task, corpus.vocabulary.size, streams);
  const optimizer = makeAdamW(task, model);
  const identity = { cell, task, corpus: corpus.sha256, backend: context.backend.name };
  try {
    const trained = await trainModel(
      {
        ...task,
        title,
        model,
        optimizer,
        streams,
        nextBatch: () => randomWindows(corpus.train, task, streams.data),
        identity: JSON.parse(JSON.stringify(identity)) as Json,
      },
      folder,
      context,
    );
    const seen = trained.diverged === null ? await look(model) : undefined;
    return { ...trained, parameters: countParameters(model), seen };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** Untied, without a bias at the head, as the authors' GPT-NeoX. */
export function makeModel(
  { encoding, seed }: Pick<EncodingCell, 'encoding' | 'seed'>,
  task: LanguageTask,
  vocabulary: number,
  streams: RandomStreams,
): LanguageModel {
  const { width, layers, heads, context, hiddenWidth, kernelSize } = task;
  const longest = longestOf(task);
  const sizes = { heads, width, trainingLength: context, hiddenWidth, kernelSize, maxLength: longest };
  return new LanguageModel(
    {
      vocabulary: task.vocabularyRows || vocabulary,
      contextLength: longest,
      width,
      layers,
      heads,
      ...deviationsOf(task),
      positions: 'none',
      tiedHead: false,
    },
    streams,
    positionEncoding(encoding, sizes, encodingStreams(seed, streams)),
  );
}
