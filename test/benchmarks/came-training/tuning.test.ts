import { describe, expect, it } from 'vitest';
import { neighbour, widened } from '../../../benchmarks/came-training/rates.ts';
import {
  concludeStudy,
  countStudyCells,
  requireTrials,
  studyCells,
} from '../../../benchmarks/came-training/study.ts';
import { sensitivity } from '../../../benchmarks/came-training/tables.ts';
import { bestTrial, endOf, type Study, tune } from '../../../benchmarks/came-training/tuning.ts';
import { UserError } from '../../../src/errors.ts';
import { answerAll, bowl, diverged, madeUpResult } from './made-up-results.ts';

describe('learning rates', () => {
  it('go 1, 3, 10, 30 … in both directions, whatever the decade', () => {
    const up = [1e-5];
    for (let i = 0; i < 12; i++) up.push(neighbour(up.at(-1) as number, 'above'));
    expect(up).toEqual([1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10]);
    for (const [i, rate] of up.slice(1).entries()) expect(neighbour(rate, 'below')).toBe(up[i]);
  });

  it('beside the series are multiplied by √10', () => {
    expect([neighbour(2e-3, 'above'), neighbour(2e-3, 'below')]).toEqual([6.32e-3, 6.32e-4]);
    // 3.16e-3 is what 3e-3 stands for.
    expect(neighbour(3.16e-3, 'above')).toBe(1e-2);
  });

  it('widen a grid on both sides', () => {
    expect(widened([1e-3, 3e-3], 2, 1)).toEqual([1e-4, 3e-4, 1e-3, 3e-3, 1e-2]);
  });
});

const study: Study = {
  contestants: [
    { name: 'a', learningRates: [1e-2, 3e-3, 3e-2] },
    { name: 'b', learningRates: [1e-3, 3e-3, 1e-2] },
  ],
  tuningSeeds: 2,
  extraTrials: 3,
};
const rates = (found: ReturnType<typeof tune>, name: string) =>
  found.trials.get(name)?.map(({ learningRate }) => learningRate);
const tuned = (best: Record<string, number>, changes: Partial<Study> = {}) => {
  const own = { ...study, ...changes };
  const answered = answerAll(
    (results) => tune(own, results).cells,
    ({ contestant, learningRate }) => madeUpResult(bowl(learningRate, best[contestant] as number)),
  );
  return { ...answered, found: tune(own, answered.results) };
};

describe('tune', () => {
  it('leaves the grids as they are where every best lies inside', () => {
    const { found, stages } = tuned({ a: 1e-2, b: 3e-3 });
    expect(stages).toEqual([12]);
    expect(rates(found, 'a')).toEqual([3e-3, 1e-2, 3e-2]);
    expect(found.done).toBe(true);
    expect(bestTrial(found.trials.get('b') ?? [])?.learningRate).toBe(3e-3);
  });

  it('extends every grid by as many rates until the best of all lies inside', () => {
    // b needs two more above; a has its best inside and grows where it is nearer, then the other end.
    const { found, stages } = tuned({ a: 1e-2, b: 3e-2 });
    expect(stages).toEqual([12, 4, 4]);
    expect(rates(found, 'b')).toEqual([1e-3, 3e-3, 1e-2, 3e-2, 0.1]);
    expect(rates(found, 'a')).toEqual([1e-3, 3e-3, 1e-2, 3e-2, 0.1]);
    expect(endOf(found.trials.get('b') ?? [])).toBeUndefined();
  });

  it('goes down as well as up', () => {
    const { found } = tuned({ a: 1e-3, b: 3e-3 });
    expect(rates(found, 'a')?.slice(0, 2)).toEqual([3e-4, 1e-3]);
  });

  it('stops at the limit, with the best at the end', () => {
    const { found, stages } = tuned({ a: 1e-2, b: 1e3 });
    expect(stages).toEqual([12, 4, 4, 4]);
    expect(endOf(found.trials.get('b') ?? [])).toBe('above');
    expect(tuned({ a: 1e-2, b: 1e3 }, { extraTrials: 0 }).stages).toEqual([12]);
  });

  it('takes a rate at which a seed diverged for the worst, and goes below where all did', () => {
    const answer = (best: number) =>
      answerAll(
        (results) => tune(study, results).cells,
        ({ contestant, learningRate, seed }) => {
          if (contestant === 'b' && learningRate > best && seed === 1_000_001) return diverged;
          return madeUpResult(contestant === 'b' ? 3 - Math.log10(learningRate) : bowl(learningRate, 1e-2));
        },
      ).results;
    const some = tune(study, answer(2e-3)).trials.get('b') ?? [];
    expect(some.map((trial) => trial.diverged)).toEqual([0, 0, 0, 0, 1, 1].slice(-some.length));
    expect(bestTrial(some)?.learningRate).toBe(1e-3);
    const none = tune(study, answer(0)).trials.get('b') ?? [];
    expect(none.map(({ learningRate }) => learningRate)).toEqual([3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]);
    expect(bestTrial(none)).toBeUndefined();
  });

  it('tells how much a step of the grid beside the best costs', () => {
    const { found } = tuned({ a: 1e-2, b: 3e-3 });
    // 0.1 for each half decade; 3 stands for √10, so one side is a little nearer than the other.
    expect(sensitivity(found.trials.get('a') ?? [])).toBeCloseTo(0.1, 3);
    const { found: open } = tuned({ a: 1e-2, b: 1e3 });
    expect(sensitivity(open.trials.get('b') ?? [])).toBeUndefined();
  });
});

describe('a study', () => {
  const answer = (learningRate: number) => madeUpResult(bowl(learningRate, 1e-2));

  it('runs the winners on the fresh seeds, pairs together, and counts its cells', () => {
    const { results, stages } = answerAll(
      (found) => studyCells(study, [0, 1, 2], found),
      ({ learningRate }) => answer(learningRate),
    );
    expect(stages).toEqual([12, 4, 6]);
    const { finalists, finalCells, tuningCells } = concludeStudy(study, [0, 1, 2], results);
    expect(finalCells.map(({ id }) => id).slice(0, 3)).toEqual([
      'a-lr0.01-seed0',
      'b-lr0.01-seed0',
      'a-lr0.01-seed1',
    ]);
    expect(finalists.map(({ contestant, losses }) => [contestant, losses.length])).toEqual([
      ['a', 3],
      ['b', 3],
    ]);
    // No seed that chose is one that counts.
    const chosen = new Set(tuningCells.map(({ seed }) => seed));
    expect(finalCells.some(({ seed }) => chosen.has(seed))).toBe(false);
    expect(countStudyCells(study, { seeds: [0, 1, 2] })).toBe(2 * (3 + 3) * 2 + 6);
    expect(countStudyCells(study, { seeds: [0, 1, 2] })).toBeGreaterThanOrEqual(results.size);
  });

  it('puts its name into the cells', () => {
    const [cell] = studyCells({ ...study, name: 'batch8' }, [0], new Map());
    expect(cell).toEqual({
      id: 'batch8-a-lr0.003-seed1000000',
      study: 'batch8',
      contestant: 'a',
      learningRate: 3e-3,
      seed: 1_000_000,
    });
  });

  it('leaves out who diverged at every rate, and refuses where the claim is about him', () => {
    const { results } = answerAll(
      (found) => studyCells(study, [0], found),
      ({ contestant, learningRate }) => (contestant === 'b' ? diverged : answer(learningRate)),
    );
    expect(concludeStudy(study, [0], results).finalists.map(({ contestant }) => contestant)).toEqual(['a']);
    expect(() => requireTrials(study, ['a'], results)).not.toThrow();
    expect(() => requireTrials(study, ['a', 'b'], results)).toThrow(UserError);
    expect(() => requireTrials(study, ['a', 'b'], results)).toThrow(/stopped at step 3: the loss is NaN/);
    expect(() => requireTrials(study, ['a', 'b'], new Map())).not.toThrow();
  });
});
