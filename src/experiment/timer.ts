import { median, medianAbsoluteDeviation } from 'simple-statistics';
import { UserError } from '../errors.ts';
import { Interrupted } from './experiment.ts';
import { LoadWatch } from './machine.ts';

/** One of several ways to do the same work. It has been warmed up: compiled, its memory touched. */
export interface Contestant {
  readonly name: string;
  /** The process that computes, if it is not this one. */
  readonly pid?: number | undefined;
  /**
   * Runs one step that is not timed (caches and threads wake up) and then `steps` timed ones.
   * Resolves to the milliseconds of each, read after the step's results are there.
   */
  run(steps: number): Promise<readonly number[]>;
}

export interface RoundOptions {
  /** Rounds wanted with the machine to ourselves. */
  readonly rounds: number;
  /** Rounds that may be repeated because others used the machine. */
  readonly extraRounds: number;
  /** Timed steps of a contestant in one round. */
  readonly steps: (name: string) => number;
  /** A round counts as disturbed when others used more than this share of the cores in any of its sections. */
  readonly othersLimit: number;
  /** Pause between contestants in ms, so that the threads of the last one have gone to sleep. */
  readonly pause: number;
  readonly signal?: AbortSignal;
  readonly onRound?: (round: number, disturbed: boolean) => void;
}

/** One timed step. */
export interface Sample {
  readonly contestant: string;
  readonly round: number;
  readonly ms: number;
  /** Share of the cores that others used in this section of this round; NaN where it cannot be told. */
  readonly others: number;
  readonly disturbed: boolean;
}

export interface Timing {
  readonly median: number;
  readonly minimum: number;
  /** Median absolute deviation. */
  readonly mad: number;
  readonly count: number;
}

export interface Comparison {
  readonly timings: ReadonlyMap<string, Timing>;
  readonly samples: readonly Sample[];
  /** False when too many rounds were disturbed; the timings then stand for nothing. */
  readonly valid: boolean;
  /** Largest share that others had in a round that counts; NaN where it cannot be told. */
  readonly others: number;
}

/**
 * Times contestants in rounds, A B C then B C A and so on, so that a machine that drifts drifts for all alike; only one
 * computes at a time. Disturbed rounds are repeated, up to `extraRounds` of them. If they do not suffice the result is not
 * valid, and its timings are those of all rounds.
 * @throws Interrupted when the signal is aborted; UserError (exit code 3) without contestants
 */
export async function compare(
  contestants: readonly Contestant[],
  options: RoundOptions,
): Promise<Comparison> {
  if (contestants.length === 0)
    throw new UserError('Nobody is here to be timed: none of the contestants can run.', 3);
  const samples: Sample[] = [];
  let clean = 0;
  for (let round = 0; clean < options.rounds && round < options.rounds + options.extraRounds; round++) {
    const turn = round % contestants.length;
    const section: Sample[] = [];
    for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      await new Promise((resolve) => setTimeout(resolve, options.pause));
      if (options.signal?.aborted) throw new Interrupted();
      const watch = new LoadWatch(contestant.pid === undefined ? [] : [contestant.pid]);
      const times = await contestant.run(options.steps(contestant.name));
      const others = watch.others() ?? Number.NaN;
      for (const ms of times)
        section.push({ contestant: contestant.name, round, ms, others, disturbed: false });
    }
    const disturbed = section.some((sample) => sample.others > options.othersLimit);
    samples.push(...section.map((sample) => ({ ...sample, disturbed })));
    if (!disturbed) clean++;
    options.onRound?.(round, disturbed);
  }
  const valid = clean >= options.rounds;
  const counted = valid ? samples.filter((sample) => !sample.disturbed) : samples;
  return {
    timings: new Map(
      contestants.map(({ name }) => [
        name,
        summarise(counted.filter((sample) => sample.contestant === name).map((sample) => sample.ms)),
      ]),
    ),
    samples,
    valid,
    others: Math.max(...counted.map((sample) => sample.others)),
  };
}

/** @throws RangeError without a time */
export function summarise(times: readonly number[]): Timing {
  if (times.length === 0) throw new RangeError('No time was measured.');
  const sorted = [...times].sort((a, b) => a - b);
  return {
    median: median(sorted),
    minimum: sorted[0] as number,
    mad: medianAbsoluteDeviation(sorted),
    count: sorted.length,
  };
}

/** Milliseconds of each of `steps` calls after an untimed one. A call must resolve only when its results are there. */
export async function timeSteps(step: () => Promise<unknown>, steps: number): Promise<number[]> {
  await step();
  const times: number[] = [];
  for (let index = 0; index < steps; index++) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return times;
}
