import { UserError } from '../../src/errors.ts';
import type { CellsPlan } from '../../src/experiment/experiment.ts';
import { type CellResult, finalLoss, type Results, type TrainingCell, trainingCell } from './cells.ts';
import { bestTrial, mostTrials, type Study, type Trial, tune } from './tuning.ts';

/** Learning rates by contestant; one that diverged at each of its rates is not among them. */
export type Chosen = ReadonlyMap<string, number>;
/** Chooses from the trials of a contestant; undefined where none will do. */
export type Choice = (
  trials: readonly Trial[],
  all: ReadonlyMap<string, readonly Trial[]>,
) => Trial | undefined;

/** A contestant at its chosen learning rate, on the fresh seeds. */
export interface Finalist {
  readonly contestant: string;
  readonly learningRate: number;
  /** By seed, in the order of the seeds. */
  readonly results: readonly CellResult[];
  /** Final validation losses by seed; Infinity where the run diverged. */
  readonly losses: readonly number[];
}

/** A study with all its results. */
export interface Concluded {
  readonly study: Study;
  readonly trials: ReadonlyMap<string, readonly Trial[]>;
  readonly finalists: readonly Finalist[];
  /** In the order in which they were named: the trials, then the winners on fresh seeds. */
  readonly tuningCells: readonly TrainingCell[];
  readonly finalCells: readonly TrainingCell[];
}

/** The trials that choose the learning rates, and once they are all there the winners on fresh seeds. */
export function studyCells(
  study: Study,
  seeds: readonly number[],
  results: Results,
  choose: Choice = bestTrial,
): readonly TrainingCell[] {
  const tuning = tune(study, results);
  if (!tuning.done) return tuning.cells;
  return [...tuning.cells, ...finalCells(study, chosenRates(tuning.trials, choose), seeds)];
}

/** At most. */
export function countStudyCells(study: Study, { seeds }: Pick<CellsPlan, 'seeds'>): number {
  return mostTrials(study) + study.contestants.length * seeds.length;
}

export function concludeStudy(
  study: Study,
  seeds: readonly number[],
  results: Results,
  choose: Choice = bestTrial,
): Concluded {
  const { cells, trials } = tune(study, results);
  const chosen = chosenRates(trials, choose);
  const finals = finalCells(study, chosen, seeds);
  const finalists = [...chosen].map(([contestant, learningRate]): Finalist => {
    const own = seeds.map((seed) => trainingCell(study.name, contestant, learningRate, seed).id);
    const found = own.map((id) => results.get(id) as CellResult);
    return { contestant, learningRate, results: found, losses: found.map(finalLoss) };
  });
  return { study, trials, finalists, tuningCells: cells, finalCells: finals };
}

function chosenRates(trials: ReadonlyMap<string, readonly Trial[]>, choose: Choice): Chosen {
  const chosen = new Map<string, number>();
  for (const [name, own] of trials) {
    const trial = choose(own, trials);
    if (trial !== undefined) chosen.set(name, trial.learningRate);
  }
  return chosen;
}

/** Each at its rate, on seeds that did not choose it; pairs run one after the other. */
function finalCells(study: Study, chosen: Chosen, seeds: readonly number[]): TrainingCell[] {
  return seeds.flatMap((seed) =>
    [...chosen].map(([contestant, rate]) => trainingCell(study.name, contestant, rate, seed)),
  );
}

/**
 * Throws UserError where one that the claim is about diverged at every learning rate, so that there is nothing to compare.
 * @param needed their names
 */
export function requireTrials(study: Study, needed: readonly string[], results: Results): void {
  const { done, trials } = tune(study, results);
  if (!done || needed.every((name) => bestTrial(trials.get(name) ?? []) !== undefined)) return;
  const what = needed.flatMap((name) => trials.get(name) ?? []).flatMap((trial) => trial.results);
  const first = what.find(({ diverged }) => diverged !== null)?.diverged?.what ?? '';
  throw new UserError(
    `Every learning rate of one contestant diverged, so there is nothing to compare. ${first} ` +
      'Set lower ones with --set, such as --set came.learningRates=…',
  );
}
