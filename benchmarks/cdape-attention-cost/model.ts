import { type PositionEncodingName, positionEncoding } from '../../methods/cdape/index.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { type PendingTensor, writeSafetensors } from '../../src/training/safetensors.ts';
import { type ModelSize, WEIGHT_SEED } from '../training-step/task.ts';
import type { AttentionCostConfig } from './config.ts';

/** What decides the initial model of a contestant. */
export interface CostModel {
  readonly encoding: PositionEncodingName;
  readonly size: ModelSize;
  readonly hiddenWidth: number;
  readonly kernelSize: number;
}

export function sizeOf(config: AttentionCostConfig, sequence: number): ModelSize {
  const { vocabulary, width, layers, heads } = config;
  return { vocabulary, width, layers, heads, sequence, batch: 1, epsilon: 1e-5 };
}

/** The head is tied, as that of the peer. */
export function createCostModel({ encoding, size, hiddenWidth, kernelSize }: CostModel): LanguageModel {
  const { vocabulary, width, layers, heads, sequence, epsilon } = size;
  const streams = new RandomStreams(WEIGHT_SEED);
  const sizes = { heads, width, trainingLength: sequence, maxLength: sequence, hiddenWidth, kernelSize };
  return new LanguageModel(
    { vocabulary, contextLength: sequence, width, layers, heads, epsilon, positions: 'none' },
    streams,
    positionEncoding(encoding, sizes, streams),
  );
}

/** Under the names of the model, for the peer. */
export async function writeCostWeights(what: CostModel, path: string): Promise<void> {
  const model = createCostModel(what);
  try {
    const tensors = new Map<string, PendingTensor>();
    for (const { name, variable } of model.parameters()) {
      const read = async () => (await variable.data()) as Float32Array<ArrayBuffer>;
      tensors.set(name, { dtype: 'F32', shape: variable.shape, read });
    }
    await writeSafetensors(path, tensors);
  } finally {
    model.dispose();
  }
}
