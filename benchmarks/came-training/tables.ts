import type { Cell, Table } from '../../src/experiment/table.ts';
import { bytesOf, type Standing } from './comparison.ts';
import type { Concluded } from './study.ts';
import { bestTrial, endOf, type Trial } from './tuning.ts';

export type TitleOf = (contestant: string) => string;

interface ComparisonTable {
  readonly title: string;
  readonly concluded: Concluded;
  readonly standings: readonly Standing[];
  readonly titleOf: TitleOf;
  readonly baseline: string;
  /** The loss that steps and seconds lead to, and what it is; undefined: no such columns. */
  readonly target?: { readonly loss: number | undefined; readonly what: string };
  /** Ends the note. */
  readonly note?: string;
}

/** One row for each contestant: loss, difference to the baseline, time to the target, state. */
export function comparisonTable(given: ComparisonTable): Table {
  const { title, concluded, standings, titleOf, baseline, target, note } = given;
  const parameters = standings[0]?.results[0]?.parameters ?? 0;
  const columns = [
    { title: 'optimizer' },
    { title: 'learning rate' },
    { title: 'validation loss', digits: 4 },
    { title: `minus ${titleOf(baseline)}`, digits: 4 },
    { title: 'p', digits: 4 },
    ...(target ? [{ title: 'reached' }, { title: 'steps' }, { title: 'seconds' }] : []),
    { title: 'diverged' },
    { title: 'state bytes' },
    { title: 'bytes per parameter', digits: 2 },
  ];
  const row = (contestant: string): Cell[] => {
    const standing = standings.find((one) => one.contestant === contestant);
    if (standing === undefined) {
      const blank: Cell[] = columns.slice(3).map(() => null);
      return [titleOf(contestant), null, 'diverged at every rate', ...blank];
    }
    const { learningRate, results, loss, comparison, diverged, steps, seconds } = standing;
    const reached = steps === undefined ? null : `${steps.reached}/${steps.n}`;
    return [
      titleOf(contestant),
      learningRate,
      loss ?? 'diverged',
      comparison?.difference ?? null,
      orNull(comparison?.adjusted),
      ...(target ? [reached, rounded(steps?.median), seconds?.median ?? null] : []),
      `${diverged}/${results.length}`,
      bytesOf(standing),
      bytesOf(standing) / parameters,
    ];
  };
  return {
    title,
    columns,
    rows: concluded.study.contestants.map(({ name }) => row(name)),
    note: [
      'Nats per token; ± is a 95 % t interval over seeds, of the pairs for the difference; p of the paired t test after Holm.',
      ...(target ? [targetNote(target)] : []),
      `${parameters.toLocaleString('en-US')} parameters.`,
      ...(note === undefined ? [] : [note]),
    ].join(' '),
  };
}

function targetNote({ loss, what }: { readonly loss: number | undefined; readonly what: string }): string {
  if (loss === undefined) return `Steps and seconds would lead to ${what}, which diverged.`;
  return `Steps and seconds: medians until the validation loss is ${loss.toFixed(4)}, ${what}; – where most runs do not reach it.`;
}

/** Every trial of every contestant. */
export function trialTable({ study, trials }: Concluded, titleOf: TitleOf, about = ''): Table {
  const counts = [...trials.values()].map((own) => own.length);
  const each = count(Math.max(0, ...counts), 'trial');
  return {
    title: `Choosing the learning rate${about}: ${each} each, on ${count(study.tuningSeeds, 'seed')}`,
    columns: [
      { title: 'optimizer' },
      { title: 'learning rate' },
      { title: 'validation loss', digits: 4 },
      { title: '' },
    ],
    rows: [...trials].flatMap(([name, own]) =>
      own.map((trial) => [
        titleOf(name),
        trial.learningRate,
        Number.isFinite(trial.loss) ? trial.loss : null,
        remark(trial, own),
      ]),
    ),
  };
}

function remark(trial: Trial, all: readonly Trial[]): string {
  if (trial.diverged > 0) return 'diverged';
  if (trial !== bestTrial(all)) return '';
  const end = endOf(all);
  if (end !== undefined) return `best, with nothing ${end}`;
  const excess = sensitivity(all);
  return excess === undefined ? 'best' : `best; one step beside costs ${excess.toFixed(4)}`;
}

/** How much the loss grows one step of the grid beside the best rate, the mean of both sides; undefined at an end. */
export function sensitivity(trials: readonly Trial[]): number | undefined {
  const best = bestTrial(trials);
  if (best === undefined || endOf(trials) !== undefined) return undefined;
  const at = trials.indexOf(best);
  const beside = [trials[at - 1], trials[at + 1]].map((trial) => trial?.loss ?? Number.NaN);
  const excess = (beside[0] as number) / 2 + (beside[1] as number) / 2 - best.loss;
  return Number.isFinite(excess) ? excess : undefined;
}

/** A best rate at the end of its grid says that a better one may lie beyond; grids of one or two rates say so themselves. */
export function endWarnings({ study, trials }: Concluded, titleOf: TitleOf): string[] {
  return [...trials].flatMap(([name, own]) => {
    const best = bestTrial(own);
    if (best === undefined || own.length < 3 || endOf(own) === undefined) return [];
    const where = study.name === undefined ? '' : ` (${study.name})`;
    return [
      `the best learning rate of ${titleOf(name)}${where}, ${best.learningRate}, is at the end of its grid: ` +
        'widen it with --set extraTrials=… or with other learningRates',
    ];
  });
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}

function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
