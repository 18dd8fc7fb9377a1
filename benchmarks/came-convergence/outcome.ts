import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { type Interval, meanInterval, pairedDifference } from '../../src/experiment/statistics.ts';
import {
  type CellResult,
  type Contestant,
  chosenRates,
  contestants,
  finalCells,
  finalLoss,
  type RateLoss,
  rateLosses,
  type TrainingCell,
  titles,
  tuningCells,
} from './cells.ts';
import type { CameConvergenceConfig } from './config.ts';
import {
  bytesOf,
  comparison,
  type Finalist,
  gridTable,
  lossChart,
  rateChart,
  speed,
} from './presentation.ts';

type Context = Pick<OutcomeContext<CameConvergenceConfig>, 'config' | 'seeds' | 'preset'>;
type Results = ReadonlyMap<string, CellResult>;

/** Every cell is there. */
export function outcome(context: Context, results: Results): Outcome {
  const { config, seeds } = context;
  const best = chosenRates(config, results);
  const grid = Object.fromEntries(
    contestants.map((contestant) => [contestant, rateLosses(config, contestant, results)]),
  ) as Record<Contestant, RateLoss[]>;
  const finals = finalCells(best, seeds);
  const finalists = contestants.map((contestant): Finalist => {
    const own = finals.filter((cell) => cell.contestant === contestant);
    const found = own.map((cell) => results.get(cell.id) as CellResult);
    return { contestant, learningRate: best[contestant], results: found, losses: found.map(finalLoss) };
  });
  const [adamw, came] = finalists as [Finalist, Finalist];
  const whole = finalists.every(({ losses }) => losses.every(Number.isFinite));
  const difference = whole ? pairedDifference(came.losses, adamw.losses) : null;
  const stateShare = bytesOf(came) / bytesOf(adamw);
  return {
    ...judge(context, difference, stateShare),
    metrics: metrics(finalists, difference, stateShare),
    tables: [comparison(finalists, difference, seeds), gridTable(config, grid)],
    charts: [lossChart(finalists), rateChart(grid)],
    rows: [...tuningCells(config), ...finals].flatMap((cell) => rows(cell, results, finals)),
    warnings: contestants.flatMap((contestant) => edgeWarning(contestant, best[contestant], config)),
  };
}

function judge(
  { config, preset }: Context,
  difference: Interval | null,
  stateShare: number,
): { verdict: Verdict; reason: string } {
  const state = `CAME holds ${stateShare.toFixed(3)} of AdamW's state (limit ${config.stateLimit}).`;
  if (preset === 'smoke')
    return { verdict: 'not tested', reason: `The smoke preset is too short to tell. ${state}` };
  if (difference === null) return { verdict: 'not met', reason: `A final run diverged. ${state}` };
  const found = `CAME − AdamW is ${signed(difference.mean)} nats`;
  if (Number.isNaN(difference.high)) {
    return {
      verdict: 'not tested',
      reason: `${found}, from one seed, which has no interval: use --seeds 3 or more. ${state}`,
    };
  }
  const near = difference.high < config.margin;
  const small = stateShare <= config.stateLimit;
  const interval = `95 % interval ${signed(difference.low)} to ${signed(difference.high)}, ${difference.n} paired seeds`;
  return {
    verdict: near && small ? 'met' : 'not met',
    reason: `${found} (${interval}); the upper end has to be below ${config.margin}. ${state}`,
  };
}

function metrics(
  finalists: readonly Finalist[],
  difference: Interval | null,
  stateShare: number,
): Record<string, number> {
  const found: Record<string, number> = { stateShare };
  for (const finalist of finalists) {
    const { contestant, learningRate, losses, results } = finalist;
    const finite = losses.filter(Number.isFinite);
    found[`${contestant}.learningRate`] = learningRate;
    found[`${contestant}.stateBytes`] = bytesOf(finalist);
    found[`${contestant}.diverged`] = losses.length - finite.length;
    found[`${contestant}.stepsPerSecond`] = speed(results);
    if (finite.length > 0) Object.assign(found, spread(`${contestant}.loss`, meanInterval(finite)));
  }
  if (difference !== null) Object.assign(found, spread('difference', difference));
  found.parameters = finalists[0]?.results[0]?.parameters ?? 0;
  return found;
}

/** `name`, and `name.low` and `name.high` where there is an interval. */
function spread(name: string, { mean, low, high }: Interval): Record<string, number> {
  return { [name]: mean, ...(Number.isNaN(high) ? {} : { [`${name}.low`]: low, [`${name}.high`]: high }) };
}

function rows(
  cell: TrainingCell,
  results: Results,
  finals: readonly TrainingCell[],
): Record<string, string | number>[] {
  const { id, contestant, learningRate, seed } = cell;
  const stage = finals.includes(cell) ? 'final' : 'tuning';
  return (results.get(id)?.curve ?? []).map(({ step, loss, validation }) => ({
    cell: id,
    stage,
    contestant,
    learningRate,
    seed,
    step,
    loss,
    validation,
  }));
}

/** A best rate at the end of its grid says that a better one may lie beyond. */
function edgeWarning(contestant: Contestant, best: number, config: CameConvergenceConfig): string[] {
  const { learningRates } = config[contestant];
  if (learningRates.length < 3) return [];
  if (best !== Math.min(...learningRates) && best !== Math.max(...learningRates)) return [];
  const key = `${contestant}.learningRates`;
  return [
    `the best learning rate of ${titles[contestant]}, ${best}, is at the end of its grid: widen it with --set ${key}=…`,
  ];
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
