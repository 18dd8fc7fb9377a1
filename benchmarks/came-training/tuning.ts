import { type CellResult, finalLoss, type Results, type TrainingCell, trainingCell } from './cells.ts';
import { neighbour } from './rates.ts';

/** Contestants that are tuned alike, for one model and one budget. */
export interface Study {
  /** Undefined where the experiment has one study only. */
  readonly name?: string;
  readonly contestants: readonly StudyContestant[];
  /** How many seeds choose the learning rate; they are not used again. */
  readonly tuningSeeds: number;
  /** How many learning rates may be added to each grid. */
  readonly extraTrials: number;
}

export interface StudyContestant {
  readonly name: string;
  /** Where its search begins. */
  readonly learningRates: readonly number[];
}

/** What the tuning seeds say of one learning rate. */
export interface Trial {
  readonly learningRate: number;
  /** Mean final validation loss; Infinity if a seed diverged. */
  readonly loss: number;
  readonly diverged: number;
  readonly results: readonly CellResult[];
}

export interface Tuning {
  /** All trials that are named so far. */
  readonly cells: readonly TrainingCell[];
  /** Whether all of them are there and no further one is wanted. */
  readonly done: boolean;
  /** By contestant, from the lowest learning rate up; empty until all trials named so far are there. */
  readonly trials: ReadonlyMap<string, readonly Trial[]>;
}

/** Seeds that choose the learning rate lie far from those that are reported. */
const firstTuningSeed = 1_000_000;

/**
 * What tuning wants next. Every contestant begins with its own grid. While the best of any of them lies at an end, and up to
 * `extraTrials` times, *every* grid grows by one rate: beyond the end where the best lies, or else beyond the end that is nearer to the
 * best, so that all have the same number of trials however the search goes.
 */
export function tune(study: Study, results: Results): Tuning {
  const grids = new Map(study.contestants.map(({ name, learningRates }) => [name, ascending(learningRates)]));
  for (let extra = 0; ; extra++) {
    const cells = trialCells(study, grids);
    if (cells.some(({ id }) => !results.has(id))) return { cells, done: false, trials: new Map() };
    const trials = new Map([...grids].map(([name, grid]) => [name, trialsOf(study, name, grid, results)]));
    const atAnEnd = [...trials.values()].some((own) => endOf(own) !== undefined);
    if (!atAnEnd || extra >= study.extraTrials) return { cells, done: true, trials };
    for (const [name, own] of trials) {
      const side = endOf(own) ?? nearerEnd(own);
      const grid = grids.get(name) as number[];
      const edge = (side === 'above' ? grid.at(-1) : grid[0]) as number;
      grids.set(name, ascending([...grid, neighbour(edge, side)]));
    }
  }
}

/** The trial with the lowest loss; undefined if every one diverged. */
export function bestTrial(trials: readonly Trial[]): Trial | undefined {
  return trials
    .filter(({ loss }) => Number.isFinite(loss))
    .reduce<Trial | undefined>((best, next) => (best && best.loss <= next.loss ? best : next), undefined);
}

/** At which end the best trial lies; where all diverged, below; undefined: it has neighbours on both sides. */
export function endOf(trials: readonly Trial[]): 'above' | 'below' | undefined {
  const best = bestTrial(trials);
  if (best === undefined || best === trials[0]) return 'below';
  return best === trials.at(-1) ? 'above' : undefined;
}

/** Most trials that a study can have, for all contestants together. */
export function mostTrials({ contestants, tuningSeeds, extraTrials }: Study): number {
  const rates = contestants.reduce((sum, { learningRates }) => sum + learningRates.length + extraTrials, 0);
  return rates * tuningSeeds;
}

/** In rates, not in logarithms; at equal distance the end with the lower loss. */
function nearerEnd(trials: readonly Trial[]): 'above' | 'below' {
  const at = trials.indexOf(bestTrial(trials) as Trial);
  const [toBelow, toAbove] = [at, trials.length - 1 - at];
  if (toBelow !== toAbove) return toBelow < toAbove ? 'below' : 'above';
  const [lowest, highest] = [trials[0] as Trial, trials.at(-1) as Trial];
  return lowest.loss <= highest.loss ? 'below' : 'above';
}

function trialCells(study: Study, grids: ReadonlyMap<string, readonly number[]>): TrainingCell[] {
  return [...grids].flatMap(([name, grid]) =>
    grid.flatMap((rate) => tuningSeeds(study).map((seed) => trainingCell(study.name, name, rate, seed))),
  );
}

function trialsOf(study: Study, contestant: string, grid: readonly number[], results: Results): Trial[] {
  return grid.map((learningRate) => {
    const own = tuningSeeds(study).map(
      (seed) => results.get(trainingCell(study.name, contestant, learningRate, seed).id) as CellResult,
    );
    return {
      learningRate,
      loss: own.map(finalLoss).reduce((sum, loss) => sum + loss, 0) / own.length,
      diverged: own.filter(({ diverged }) => diverged !== null).length,
      results: own,
    };
  });
}

function tuningSeeds(study: Study): number[] {
  return Array.from({ length: study.tuningSeeds }, (_, index) => firstTuningSeed + index);
}

function ascending(rates: readonly number[]): number[] {
  return [...rates].sort((a, b) => a - b);
}
