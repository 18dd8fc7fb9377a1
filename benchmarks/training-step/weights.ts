import { type PendingTensor, writeSafetensors } from '../../src/training/safetensors.ts';
import type { ModelSize } from './task.ts';
import { createModel } from './training.ts';

/** Writes the initial weights under the names of the model, for contestants in other languages. */
export async function writeWeights(size: ModelSize, path: string): Promise<void> {
  const model = createModel(size);
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
