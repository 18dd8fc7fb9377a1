import { UserError } from '../../src/errors.ts';
import type { Cell } from '../../src/experiment/cells.ts';
import type { CellsPlan } from '../../src/experiment/experiment.ts';
import type { CameConvergenceConfig } from './config.ts';

export const contestants = ['adamw', 'came'] as const;
export type Contestant = (typeof contestants)[number];

export const titles: Readonly<Record<Contestant, string>> = { adamw: 'AdamW', came: 'CAME' };

/** One training run from the initial weights to the last step. */
export interface TrainingCell extends Cell {
  readonly contestant: Contestant;
  readonly learningRate: number;
  readonly seed: number;
}

export interface CurveEntry {
  /** Steps done. */
  readonly step: number;
  /** Mean training loss since the entry before, nats for each token. */
  readonly loss: number;
  /** Validation loss after the step. */
  readonly validation: number;
}

export interface CellResult {
  /** Null if it came to its end; else where the loss stopped being a number. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly curve: readonly CurveEntry[];
  readonly parameters: number;
  /** Bytes that the optimizer holds between steps. */
  readonly stateBytes: number;
  /** Of the steps after the first, evaluation apart; 0 if there were none. */
  readonly stepsPerSecond: number;
}

/** Seeds that choose the learning rate lie far from those that are reported. */
const firstTuningSeed = 1_000_000;

type Plan = CellsPlan<CameConvergenceConfig>;

/** The trials that choose the learning rates; then the winners on fresh seeds. */
export function cells({ config, seeds }: Plan, results: ReadonlyMap<string, CellResult>): TrainingCell[] {
  const tuning = tuningCells(config);
  if (tuning.some((cell) => !results.has(cell.id))) return tuning;
  return finalCells(chosenRates(config, results), seeds);
}

export function countCells({ config, seeds }: Plan): number {
  return tuningCells(config).length + contestants.length * seeds.length;
}

/** Every contestant at each of its learning rates. */
export function tuningCells(config: CameConvergenceConfig): TrainingCell[] {
  return contestants.flatMap((contestant) =>
    config[contestant].learningRates.flatMap((learningRate) =>
      Array.from({ length: config.tuningSeeds }, (_, index) =>
        trainingCell(contestant, learningRate, firstTuningSeed + index),
      ),
    ),
  );
}

/** Each contestant at its best rate, on seeds that did not choose it; pairs run one after the other. */
export function finalCells(
  best: Readonly<Record<Contestant, number>>,
  seeds: readonly number[],
): TrainingCell[] {
  return seeds.flatMap((seed) =>
    contestants.map((contestant) => trainingCell(contestant, best[contestant], seed)),
  );
}

function trainingCell(contestant: Contestant, learningRate: number, seed: number): TrainingCell {
  return { id: `${contestant}-lr${learningRate}-seed${seed}`, contestant, learningRate, seed };
}

export interface RateLoss {
  readonly learningRate: number;
  /** Mean over the tuning seeds; Infinity if one of them diverged. */
  readonly loss: number;
}

/** Final validation loss of each learning rate of a contestant, in the order of its grid. */
export function rateLosses(
  config: CameConvergenceConfig,
  contestant: Contestant,
  results: ReadonlyMap<string, CellResult>,
): RateLoss[] {
  const cells = tuningCells(config).filter((cell) => cell.contestant === contestant);
  return config[contestant].learningRates.map((learningRate) => {
    const losses = cells
      .filter((cell) => cell.learningRate === learningRate)
      .map((cell) => finalLoss(results.get(cell.id)));
    return { learningRate, loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length };
  });
}

/** Infinity for a run that diverged. */
export function finalLoss(result: CellResult | undefined): number {
  if (result === undefined || result.diverged !== null) return Number.POSITIVE_INFINITY;
  return result.curve.at(-1)?.validation ?? Number.POSITIVE_INFINITY;
}

/** The rate with the lowest loss; undefined if every one diverged. */
export function bestRate(losses: readonly RateLoss[]): number | undefined {
  const finite = losses.filter(({ loss }) => Number.isFinite(loss));
  return finite.reduce<RateLoss | undefined>(
    (best, next) => (best && best.loss <= next.loss ? best : next),
    undefined,
  )?.learningRate;
}

/** What the trials say. Throws UserError where every learning rate of a contestant diverged. */
export function chosenRates(
  config: CameConvergenceConfig,
  results: ReadonlyMap<string, CellResult>,
): Record<Contestant, number> {
  const [adamw, came] = contestants.map((contestant) => bestRate(rateLosses(config, contestant, results)));
  if (adamw !== undefined && came !== undefined) return { adamw, came };
  const first = [...results.values()].find(({ diverged }) => diverged !== null)?.diverged?.what ?? '';
  throw new UserError(
    `Every learning rate of one contestant diverged, so there is nothing to compare. ${first} ` +
      'Set lower ones with --set adamw.learningRates=… and --set came.learningRates=….',
  );
}
