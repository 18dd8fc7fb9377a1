import { availableParallelism } from 'node:os';
import type { Cell, Column, Table } from '../../src/experiment/table.ts';
import { contestantTitles } from '../came-optimizer-memory/config.ts';
import { BYTES_PER_PARAMETER } from '../step-timing/bytes-per-parameter.ts';
import type { TrainingConfig } from './config.ts';
import { bytesInTime, shareOf } from './metrics.ts';
import { type Bandwidth, type Restored, type RestoredResult, timingOf } from './restore.ts';
import type { StepCell } from './results.ts';

const TIMES: readonly Column[] = [
  { title: 'median ms', digits: 3 },
  { title: '± MAD', digits: 3 },
  { title: 'steps', digits: 0 },
];

/** BERT's CAME beside its rivals first, then every optimizer by size, the training step and the loops. */
export function tablesOf({ results, bandwidth }: Restored, training: TrainingConfig): Table[] {
  const timed = results.filter(({ contestants }) => contestants.length > 0);
  const came = timed.find(({ cell }) => cell.id === 'bert-came');
  const ofKind = (kind: RestoredResult['cell']['kind']) => timed.filter(({ cell }) => cell.kind === kind);
  const trained = ofKind('training')[0];
  return [
    ...(came === undefined ? [] : [rivalsTable(came)]),
    ...Object.entries(stepsBySize(timed)).map(([size, ofSize]) => sizeTable(size, ofSize, bandwidth)),
    ...(trained === undefined ? [] : [trainingTable(trained, training)]),
    ...(ofKind('loops').length === 0 ? [] : [loopsTable(ofKind('loops'))]),
  ];
}

/** Results of steps by their size, without cells in which nobody was timed. */
export function stepsBySize(results: readonly RestoredResult[]): Record<string, RestoredResult[]> {
  const bySize: Record<string, RestoredResult[]> = {};
  for (const result of results) {
    if (result.cell.kind !== 'step' || result.contestants.length === 0) continue;
    bySize[result.cell.size] = [...(bySize[result.cell.size] ?? []), result];
  }
  return bySize;
}

function rivalsTable(result: RestoredResult): Table {
  const times = (name: string) => result.comparison.timings.get(name)?.median;
  const [inPlace, captured] = [times('in-place'), times('captured')];
  return {
    title: `One step of CAME over BERT's ${result.parameters.toLocaleString('en')} parameters, and who is beside it`,
    columns: [
      { title: 'contestant' },
      ...TIMES,
      { title: 'in-place ÷ its time', digits: 2 },
      { title: 'captured ÷ its time', digits: 2 },
      { title: 'what' },
    ],
    rows: result.contestants.map(({ name, version, threads }) => {
      const { median, mad, count } = timingOf(result, name);
      const over = (ours: number | undefined) => (ours === undefined ? null : ours / median);
      const what = `${version}; ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      return [name, median, mad, count, over(inPlace), over(captured), what];
    }),
    note: `All in the same rounds, gradients given, float32; MAD is the median absolute deviation. ${availableParallelism()} cores.`,
  };
}

function sizeTable(size: string, results: readonly RestoredResult[], bandwidth: Bandwidth): Table {
  const parameters = results[0]?.parameters ?? 0;
  return {
    title: `One step over ${size === 'bert' ? "BERT's weights" : size}, ${parameters.toLocaleString('en')} parameters`,
    columns: [
      { title: 'optimizer' },
      { title: 'form' },
      ...TIMES,
      { title: 'ns/parameter', digits: 3 },
      { title: 'least bytes/parameter', digits: 0 },
      { title: 'bytes/parameter in its time', digits: 0 },
      { title: '% of bandwidth', digits: 1 },
      { title: '% of triad', digits: 1 },
      { title: 'state bytes/parameter', digits: 3 },
    ],
    rows: results.flatMap((result) => sizeRows(result, bandwidth)),
    note:
      'Least: what the rule must move in as few passes as it allows. In its time: what the memory could have moved. Weights that ' +
      `stay in the caches may be above 100 %. ${describe(bandwidth)}`,
  };
}

/** Those of the cell's own rule: its rivals have rows of their own where their optimizer is measured. */
function sizeRows(result: RestoredResult, { best, triad }: Bandwidth): Cell[][] {
  const { optimizer } = result.cell as StepCell;
  const { parameters } = result;
  const percent = (share: number | undefined) => (share === undefined ? null : 100 * share);
  return result.contestants
    .filter(({ rule }) => rule === optimizer)
    .map(({ name, rule, stateBytes }) => {
      const { median, mad, count } = timingOf(result, name);
      return [
        contestantTitles[rule],
        name,
        median,
        mad,
        count,
        (median * 1e6) / parameters,
        BYTES_PER_PARAMETER[rule],
        best === undefined ? null : bytesInTime(median, parameters, best),
        percent(shareOf(rule, median, parameters, best)),
        percent(shareOf(rule, median, parameters, triad)),
        stateBytes / parameters,
      ];
    });
}

function describe({ best, triad, passes }: Bandwidth): string {
  if (best === undefined) return 'The bandwidth was not measured.';
  const of = Object.keys(passes).find((pass) => passes[pass] === best);
  const rest = triad === undefined ? 'the triad wants --peers' : `the triad a = b + s·c ${triad.toFixed(1)}`;
  return `Bandwidth ${best.toFixed(1)} GB/s, the best kind of pass (${of}); ${rest}.`;
}

function trainingTable(result: RestoredResult, config: TrainingConfig): Table {
  const adamw = result.comparison.timings.get('adamw')?.median;
  const { width, layers, sequence, batch } = config;
  return {
    title: `One training step, D${width} L${layers} T${sequence} B${batch}`,
    columns: [{ title: 'optimizer' }, ...TIMES, { title: '÷ AdamW', digits: 3 }, { title: 'what' }],
    rows: result.contestants.map(({ name, rule, version, threads }) => {
      const { median, mad, count } = timingOf(result, name);
      const ratio = adamw === undefined ? null : median / adamw;
      return [contestantTitles[rule], median, mad, count, ratio, `${version}; ${threads} threads; captured`];
    }),
    note: 'Forward, backward and optimizer in float32, loss read back, in turn in one process.',
  };
}

function loopsTable(results: readonly RestoredResult[]): Table {
  return {
    title: `In-place loops in JavaScript, ${results[0]?.parameters.toLocaleString('en')} parameters in small matrices`,
    columns: [
      { title: 'backend' },
      { title: 'optimizer' },
      { title: 'loops, ms', digits: 3 },
      { title: 'operations, ms', digits: 3 },
      { title: 'operations ÷ loops', digits: 1 },
    ],
    rows: results.flatMap(({ cell, comparison }) => {
      if (cell.kind !== 'loops') return [];
      const [loops, operations] = ['in-place', 'eager'].map((name) => comparison.timings.get(name)?.median);
      const ratio = loops === undefined || operations === undefined ? null : operations / loops;
      return [[cell.backend, contestantTitles[cell.optimizer], loops ?? null, operations ?? null, ratio]];
    }),
  };
}
