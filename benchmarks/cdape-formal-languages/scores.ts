import { mean } from 'simple-statistics';
import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { FormalTaskName } from '../../src/data/formal-languages/index.ts';
import type { CellsPlan } from '../../src/experiment/experiment.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';
import { formalCells } from './cells.ts';
import { chosenTasks, type FormalConfig } from './config.ts';
import type { FormalResult, FormalTest } from './result.ts';

export type Plan = CellsPlan<FormalConfig>;
export type Results = ReadonlyMap<string, FormalResult>;

/** What the cells of one task and encoding say, seed by seed. */
export interface Entrant {
  readonly task: FormalTaskName;
  readonly encoding: PositionEncodingName;
  readonly results: readonly FormalResult[];
  /** At the longest length of training; 0 for a run that diverged. */
  readonly within: readonly number[];
  /** Mean over the lengths of the test, each weighing the same. */
  readonly beyond: readonly number[];
}

export function entrantsOf({ config, seeds }: Plan, results: Results): Entrant[] {
  return chosenTasks(config.tasks).flatMap((task) =>
    chosenEncodings(config.encodings).map((encoding): Entrant => {
      const cells = formalCells({ tasks: [task], encodings: [encoding] }, seeds);
      const own = cells.map(({ id }) => results.get(id) as FormalResult);
      return {
        task,
        encoding,
        results: own,
        within: own.map(({ tests }) => (tests[0] ? accuracy(tests[0]) : 0)),
        beyond: own.map(({ tests }) => (tests.length > 1 ? mean(tests.slice(1).map(accuracy)) : 0)),
      };
    }),
  );
}

export function accuracy({ right, counted }: FormalTest): number {
  return right / counted;
}
