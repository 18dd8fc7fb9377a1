/** Rows of a causal map: row i has the keys 0 … i. */
type CausalMap = readonly (readonly number[])[];

export interface Variance {
  readonly deviation: number;
  /** Share of the variance that lies within equal distances i − j; null where there is no variance at all. */
  readonly withinDistances: number | null;
}

/** Of the difference of two maps. The variance is the sum of that between the means of the distances and that within them. */
export function varianceOfDifference(after: CausalMap, before: CausalMap): Variance {
  const byDistance: number[][] = after.map(() => []);
  for (const [i, row] of after.entries())
    for (const [j, value] of row.entries()) byDistance[i - j]?.push(value - (before[i]?.[j] as number));
  const all = byDistance.flat();
  const total = squaresAround(all) / all.length;
  const within = byDistance.reduce((sum, own) => sum + squaresAround(own), 0) / all.length;
  // Rounding of float32 scores is no variance.
  const none = total < 1e-12;
  return { deviation: Math.sqrt(total), withinDistances: none ? null : within / total };
}

function squaresAround(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
