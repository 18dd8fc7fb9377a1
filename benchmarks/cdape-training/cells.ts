import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { Cell } from '../../src/experiment/cells.ts';

/** One model with one encoding, trained from one seed. */
export interface EncodingCell extends Cell {
  readonly encoding: PositionEncodingName;
  readonly seed: number;
}

/** Seed by seed, so that a run that is stopped has compared all of them on some seeds. */
export function encodingCells(
  encodings: readonly PositionEncodingName[],
  seeds: readonly number[],
): EncodingCell[] {
  return seeds.flatMap((seed) =>
    encodings.map((encoding) => ({ id: `${encoding}-seed${seed}`, encoding, seed })),
  );
}
