import type { FormalTaskName } from '../../src/data/formal-languages/index.ts';
import { type EncodingCell, encodingCells } from '../cdape-training/cells.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';
import { chosenTasks, type FormalConfig } from './config.ts';

export interface FormalCell extends EncodingCell {
  readonly task: FormalTaskName;
}

/** Task by task. */
export function formalCells(
  config: Pick<FormalConfig, 'tasks' | 'encodings'>,
  seeds: readonly number[],
): FormalCell[] {
  const each = encodingCells(chosenEncodings(config.encodings), seeds);
  return chosenTasks(config.tasks).flatMap((task) =>
    each.map((cell) => ({ ...cell, id: `${task}-${cell.id}`, task })),
  );
}
