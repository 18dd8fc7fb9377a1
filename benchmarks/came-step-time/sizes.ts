import { bertShapes } from '../step-timing/shapes.ts';
import type { MatricesConfig, StepTimeConfig } from './config.ts';

export interface Weights {
  readonly shapes: readonly (readonly number[])[];
  /** Muon and Adam-mini know embeddings by their names. */
  readonly names: readonly string[];
}

/** @throws Error for a size that the configuration does not have */
export function weightsOf(size: string, { bert, matrices }: StepTimeConfig): Weights {
  if (size === 'bert') {
    const shapes = bertShapes(bert);
    return { shapes, names: shapes.map((_, index) => bertName(index, shapes.length)) };
  }
  const found = matrices[size];
  if (found === undefined) throw new Error(`there is no size ${size}`);
  return weightsOfMatrices(found);
}

export function weightsOfMatrices({ tensors, shape }: MatricesConfig): Weights {
  const indices = Array.from({ length: tensors }, (_, index) => index);
  return { shapes: indices.map(() => shape), names: indices.map((index) => `matrix/${index}`) };
}

/** `bertShapes` begins with three embeddings and ends with the pooler. */
function bertName(index: number, count: number): string {
  if (index < 3) return `embedding/${index}`;
  return index < count - 2 ? `layer/${index}` : `pooler/${index}`;
}
