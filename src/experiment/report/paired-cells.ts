import { isDeepStrictEqual } from 'node:util';
import { holm, type Interval, meanInterval, pairedDifference, pairedTTest } from '../statistics.ts';
import { flatten } from './flatten.ts';
import { metricKind } from './metric-kind.ts';
import type { StoredCell } from './stored-cells.ts';

/** One number of one group of cells, in two runs, on the seeds that both have. */
export interface PairedMetric {
  /** The settings that the cells share, seed apart: `contestant came, learningRate 0.01`. */
  readonly group: string;
  readonly metric: string;
  readonly a: Interval;
  readonly b: Interval;
  /** B − A, pair by pair. */
  readonly difference: Interval;
  /** Of the paired t test, adjusted by Holm for all that are compared; NaN for a single pair. */
  readonly adjusted: number;
}

export interface PairedCells {
  readonly metrics: readonly PairedMetric[];
  /** Cells that both runs have, and how many of those have the same result to the last bit, timings aside. */
  readonly shared: number;
  readonly identical: number;
  readonly onlyA: number;
  readonly onlyB: number;
}

/** Pairs the cells of two runs by settings and seed. Numbers that are the same in every pair are left out. */
export function pairCells(a: readonly StoredCell[], b: readonly StoredCell[]): PairedCells {
  const [left, right] = [byGroup(a), byGroup(b)];
  const found: Omit<PairedMetric, 'adjusted'>[] = [];
  const tests: number[] = [];
  let shared = 0;
  let identical = 0;
  for (const [group, own] of left) {
    const other = right.get(group);
    const seeds = [...own.keys()].filter((seed) => other?.has(seed));
    if (other === undefined || seeds.length === 0) continue;
    const pairs = seeds.map((seed) => [own.get(seed), other.get(seed)] as [StoredCell, StoredCell]);
    shared += pairs.length;
    identical += pairs.filter(([one, two]) =>
      isDeepStrictEqual(untimed(one.result), untimed(two.result)),
    ).length;
    const numbers = pairs.map(([one, two]) => [cellNumbers(one), cellNumbers(two)] as const);
    for (const metric of numbers[0]?.[0].keys() ?? []) {
      const both = numbers.map(([one, two]) => [one.get(metric), two.get(metric)] as const);
      const complete = both.filter((pair): pair is [number, number] => !pair.includes(undefined));
      if (complete.length === 0 || complete.every(([one, two]) => one === two)) continue;
      const [as, bs] = [complete.map(([one]) => one), complete.map(([, two]) => two)];
      const difference = pairedDifference(bs, as);
      found.push({ group, metric, a: meanInterval(as), b: meanInterval(bs), difference });
      tests.push(pairedTTest(bs, as));
    }
  }
  const adjusted = holm(tests);
  return {
    metrics: found.map((metric, at) => ({ ...metric, adjusted: adjusted[at] ?? Number.NaN })),
    shared,
    identical,
    onlyA: a.length - shared,
    onlyB: b.length - shared,
  };
}

function byGroup(cells: readonly StoredCell[]): Map<string, Map<string, StoredCell>> {
  const groups = new Map<string, Map<string, StoredCell>>();
  for (const cell of cells) {
    const { seed, name } = describeGroup(cell);
    const group = groups.get(name) ?? new Map<string, StoredCell>();
    groups.set(name, group.set(seed, cell));
  }
  return groups;
}

/** What a cell is apart from its seed, in words, and the seed; a cell without one is a group of its own. */
export function describeGroup({ cell }: StoredCell): { name: string; seed: string } {
  const { id, seed, ...settings } = cell;
  const name = [...flatten(settings)].map(([key, value]) => `${key} ${value}`).join(', ');
  return seed === undefined ? { name: id, seed: '' } : { name, seed: String(seed) };
}

/** A result without what the clock has put into it. */
function untimed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untimed);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([key]) => metricKind(key) === 'value');
  return Object.fromEntries(kept.map(([key, inner]) => [key, untimed(inner)]));
}

/** The numbers of a result: its single ones, and those at the end of its curves. */
function cellNumbers({ result, seconds }: StoredCell): Map<string, number> {
  const numbers = new Map<string, number>();
  const add = (prefix: string, value: unknown) => {
    for (const [key, scalar] of flatten(value, prefix)) {
      if (typeof scalar === 'number' && Number.isFinite(scalar)) numbers.set(key, scalar);
    }
  };
  add(typeof result === 'number' ? 'result' : '', result);
  for (const [key, value] of Object.entries(isRecord(result) ? result : {})) {
    if (Array.isArray(value) && isRecord(value.at(-1))) add(`${key}, last`, value.at(-1));
  }
  if (seconds !== undefined) numbers.set('seconds', seconds);
  return numbers;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
