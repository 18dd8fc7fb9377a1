import { describe, expect, it } from 'vitest';
import * as ablation from '../../../benchmarks/came-confidence-ablation/config.ts';
import { outcome as ablationOutcome } from '../../../benchmarks/came-confidence-ablation/outcome.ts';
import { cells as convergenceCells } from '../../../benchmarks/came-convergence/cells.ts';
import * as convergence from '../../../benchmarks/came-convergence/config.ts';
import { outcome as convergenceOutcome } from '../../../benchmarks/came-convergence/outcome.ts';
import * as largeBatch from '../../../benchmarks/came-large-batch/config.ts';
import { outcome as largeBatchOutcome } from '../../../benchmarks/came-large-batch/outcome.ts';
import { fastest, cells as timeCells } from '../../../benchmarks/came-time-to-target/cells.ts';
import * as time from '../../../benchmarks/came-time-to-target/config.ts';
import { outcome as timeOutcome } from '../../../benchmarks/came-time-to-target/outcome.ts';
import type { TrainingCell } from '../../../benchmarks/came-training/cells.ts';
import { standings, timesToTarget } from '../../../benchmarks/came-training/comparison.ts';
import { loadExperiments } from '../../../benchmarks/registry.ts';
import type { Experiment } from '../../../src/experiment/experiment.ts';
import { answerAll, bowl, diverged, madeUpResult } from './made-up-results.ts';

const seeds = [0, 1, 2, 3, 4];
/** Alike for all contestants of a seed. */
const ofSeed = (seed: number) => (seed >= 1_000_000 ? 0 : 0.05 * seed);

describe('standings', () => {
  const finalist = (contestant: string, finals: number[], stepsPerSecond = 50) => {
    const results = finals.map((final) =>
      final === Number.POSITIVE_INFINITY ? diverged : madeUpResult(final, { stepsPerSecond }),
    );
    return { contestant, learningRate: 1, results, losses: finals };
  };

  it('pair by seed, adjust p after Holm, and find steps and seconds to the target', () => {
    const finalists = [
      finalist('adamw', [2, 2.1, 2.3]),
      finalist('near', [2.01, 2.12, 2.31], 25),
      finalist('far', [2.5, 2.4, 3]),
    ];
    const [adamw, near, far] = standings({ finalists }, 'adamw', 2.2);
    expect(adamw?.comparison).toBeUndefined();
    expect(near?.comparison?.difference.mean).toBeCloseTo(0.04 / 3, 12);
    expect(near?.comparison?.adjusted).toBeGreaterThan(near?.comparison?.p as number);
    // Curves fall from 4 in straight lines: to 2.2 after 100 · 1.8/(4 − final) steps.
    expect(adamw?.steps).toMatchObject({ n: 3, reached: 2 });
    expect(adamw?.steps?.median).toBeCloseTo(180 / 1.9, 9);
    expect(near?.seconds?.median).toBeCloseTo(180 / 1.88 / 25, 9);
    expect(far?.steps).toMatchObject({ reached: 0, median: undefined });
  });

  it('count runs that diverged, and compare nothing with them', () => {
    const finalists = [finalist('adamw', [2, 2.1]), finalist('came', [2, Number.POSITIVE_INFINITY])];
    const [, came] = standings({ finalists }, 'adamw', undefined);
    expect(came).toMatchObject({ diverged: 1, loss: undefined, comparison: undefined, steps: undefined });
    expect(timesToTarget(diverged, 3)).toBeUndefined();
  });
});

describe('came-convergence', () => {
  const { laptop } = convergence.presets;
  const config = { ...laptop, contestants: [...laptop.contestants, 'lion'] };
  const plan = { config, seeds, preset: 'laptop' as const };
  const run = (cameExtra: number, changes: Partial<Record<string, number>> = {}) => {
    const { results } = answerAll(
      (found) => convergenceCells(plan, found),
      ({ contestant, learningRate, seed }) => {
        if (contestant === 'lion') return diverged;
        const best = contestant === 'adafactor-momentum' ? 0.1 : 1e-2;
        const noise = contestant === 'came' ? cameExtra + 0.001 * (seed % 3) : 0;
        const stateBytes = contestant === 'came' ? (changes.came ?? 42) : 80;
        return madeUpResult(bowl(learningRate, best) + ofSeed(seed) + noise, { stateBytes });
      },
    );
    return convergenceOutcome(plan, results);
  };

  it('meets its claim where CAME is near, and does not where it is far or heavy', () => {
    expect(run(0.01)).toMatchObject({ verdict: 'met', metrics: { difference: expect.closeTo(0.011, 3) } });
    expect(run(0.02).verdict).toBe('not met');
    expect(run(0.01, { came: 60 }).verdict).toBe('not met');
  });

  it('shows everybody: tuned with equal trials, or diverged at every rate', () => {
    const { tables, charts, warnings, metrics, rows } = run(0);
    const [table, trials] = tables;
    expect(table?.rows.map((row) => row.slice(0, 3))).toEqual([
      ['AdamW', 0.01, expect.objectContaining({ n: 5 })],
      ['CAME', 0.01, expect.objectContaining({ n: 5 })],
      ['Adafactor, β₁ 0.9', 0.1, expect.objectContaining({ n: 5 })],
      ['Lion', null, 'diverged at every rate'],
    ]);
    for (const row of table?.rows ?? []) expect(row).toHaveLength(table?.columns.length as number);
    // Adafactor's best lies one beyond its grid, Lion's nowhere: both extensions are used, by all.
    expect(trials?.title).toBe('Choosing the learning rate: 5 trials each, on 1 seed');
    expect(trials?.rows).toHaveLength(20);
    expect(metrics['adafactor-momentum.trials']).toBe(5);
    expect(charts.map(({ name }) => name)).toEqual(['loss', 'learning-rates']);
    expect(warnings).toEqual([]);
    expect(Object.keys(rows[0] ?? {})).toContain('validation');
  });

  it('takes all optimizers at equal numbers of trials in every preset', () => {
    for (const config of Object.values(convergence.presets)) {
      const contestants = Object.keys(convergence.presets.paper).filter((name) =>
        convergence.presets.paper.contestants.includes(name),
      );
      expect(contestants).toHaveLength(11);
      expect(() =>
        convergence.check({ ...config, storyCharacters: 5000, contestants }, undefined),
      ).not.toThrow();
    }
    expect(convergence.presets.paper.adamw.learningRates).toEqual([3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]);
  });

  it.each([
    [{ contestants: ['adamw', 'lion'] }, /contestants must hold adamw and came/],
    [{ contestants: ['adamw', 'came', 'adam'] }, /contestants must be among adamw, came, .*and is adam/],
    [{ contestants: ['adamw', 'came', 'came'] }, /contestants must be different/],
    [{ model: 'gpt' }, /model must be one of lm, bert, and is gpt/],
    [{ extraTrials: -1 }, /extraTrials must be a whole number/],
    [{ came: { ...convergence.presets.smoke.came, beta3: 1 } }, /came\.beta3 must be at least 0 and below 1/],
    [{ came: { ...convergence.presets.smoke.came, learningRates: [1e-3] } }, /equal numbers of trials/],
    [{ adamw: { ...convergence.presets.smoke.adamw, epsilon: 0 } }, /adamw\.epsilon must be above 0/],
    [{ adamw: { ...convergence.presets.smoke.adamw, learningRates: [1e-3, 1e-3] } }, /different numbers/],
    [{ model: 'bert', context: 2 }, /context must be at least 3/],
  ])('refuses %j', (changes, message) => {
    expect(() => convergence.check({ ...convergence.presets.smoke, ...changes }, undefined)).toThrow(message);
  });
});

describe('came-confidence-ablation', () => {
  const plan = { config: ablation.presets.laptop, seeds, preset: 'laptop' as const };
  const run = (gain: number) => {
    const { results } = answerAll(
      (found) => ablation.cells(plan, found),
      ({ contestant, learningRate, seed }) => {
        const best = contestant === 'beta3-0.9999' ? 3e-4 : 3e-3;
        const own = contestant === 'beta3-0.999' ? -gain : 0;
        return madeUpResult(
          bowl(learningRate, best) + ofSeed(seed) + own + 0.001 * (seed % 3) * Math.sign(own),
        );
      },
    );
    return ablationOutcome(plan, results);
  };

  it('holds the β₃ that tuning prefers against CAME without confidence', () => {
    expect(run(0.05)).toMatchObject({ verdict: 'met', reason: expect.stringContaining('(β₃ 0.999, chosen') });
    expect(run(-0.05).verdict).toBe('not met');
  });

  it('says how long the memory is against the steps, and tunes each β₃ for itself', () => {
    const { tables } = run(0.05);
    expect(tables[0]?.note).toContain('Steps times 1 − β₃: 10 at β₃ 0.99, 1 at β₃ 0.999, 0.1 at β₃ 0.9999');
    expect(tables[0]?.rows.map((row) => row.slice(0, 2))).toEqual([
      ['without confidence', 3e-3],
      ['β₃ 0.99', 3e-3],
      ['β₃ 0.999', 3e-3],
      ['β₃ 0.9999', 3e-4],
    ]);
  });

  it.each([
    [{ beta3s: [] }, /at least one/],
    [{ beta3s: [0.9, 0.9] }, /each once/],
    [{ beta3s: [1] }, /below 1/],
  ])('refuses %j', (changes, message) => {
    expect(() => ablation.check({ ...ablation.presets.smoke, ...changes }, undefined)).toThrow(message);
  });
});

describe('came-large-batch', () => {
  const plan = { config: largeBatch.presets.laptop, seeds, preset: 'laptop' as const };
  const run = (atLarge: number) => {
    const { results } = answerAll(
      (found) => largeBatch.cells(plan, found),
      ({ study, contestant, learningRate, seed }) => {
        const own = contestant === 'came' ? (study === 'batch128' ? atLarge : 0.1) + 0.001 * (seed % 3) : 0;
        return madeUpResult(bowl(learningRate, 1e-2) + ofSeed(seed) + own);
      },
    );
    return largeBatchOutcome(plan, results);
  };

  it('asks only whether CAME is below AdamW with the largest batch', () => {
    expect(run(-0.05)).toMatchObject({ verdict: 'met', reason: expect.stringContaining('batches of 128') });
    expect(run(-0.0005).verdict).toBe('not met');
    const { metrics, tables, charts } = run(-0.05);
    expect(metrics['batch16.difference']).toBeGreaterThan(0);
    expect(tables.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Batches of 16 \(1000 steps\)/),
      expect.stringMatching(/^Batches of 128 \(125 steps\)/),
      expect.stringContaining(', batches of 16:'),
      expect.stringContaining(', batches of 128:'),
    ]);
    expect(new Set(charts.map(({ name }) => name)).size).toBe(5);
  });

  it('gives all batch sizes the same sequences, or the same steps', () => {
    const { laptop } = largeBatch.presets;
    expect(largeBatch.taskOf(laptop, 128).steps).toBe(125);
    expect(largeBatch.taskOf({ ...laptop, budget: 'steps' }, 128).steps).toBe(1000);
  });

  it.each([
    [{ batchSizes: [4, 6] }, /batchSizes must be multiples of batchSize, 4/],
    [{ batchSizes: [] }, /at least one/],
    [{ batchSizes: [4, 40] }, /evaluations must be at most the 2 steps/],
    [{ budget: 'time' }, /budget must be one of samples, steps/],
  ])('refuses %j', (changes, message) => {
    expect(() => largeBatch.check({ ...largeBatch.presets.smoke, ...changes }, undefined)).toThrow(message);
  });
});

describe('came-time-to-target', () => {
  const plan = { config: time.presets.laptop, seeds, preset: 'laptop' as const };
  const run = (came: (cell: TrainingCell) => number) => {
    const { results } = answerAll(
      (found) => timeCells(plan, found),
      (cell) => {
        const extra = cell.contestant === 'came' ? came(cell) : 0;
        return madeUpResult(bowl(cell.learningRate, 1e-2) - ofSeed(cell.seed) + extra, {
          stepsPerSecond: cell.contestant === 'came' ? 100 : 50,
        });
      },
    );
    return timeOutcome(plan, results);
  };

  it('decides by the worst workload', () => {
    const alike = run(() => 0);
    expect(alike).toMatchObject({ verdict: 'met', metrics: { 'lm.stepsRatio': 1, 'bert.stepsRatio': 1 } });
    expect(alike.reason).toContain('lm: ');
    // The curves fall from 4 to 2: to 2.02 in 99 steps, and where they end at 1.7 in 86.
    expect(run(({ study }) => (study === 'bert' ? -0.3 : 0))).toMatchObject({ verdict: 'met' });
    // Seeds end from 2 to 1.8: with 0.15 more only some of CAME's runs get there.
    expect(run(({ study }) => (study === 'bert' ? 0.15 : 0))).toMatchObject({
      verdict: 'not met',
      reason: expect.stringContaining('bert: most runs of CAME do not reach it'),
    });
  });

  it('has profiles of the seconds, in which twice the speed wins', () => {
    const { tables } = run(() => 0);
    const profiles = tables.find(({ title }) => title.startsWith('Performance profiles'));
    expect(profiles?.rows.map((row) => row.slice(0, 4))).toEqual([
      ['AdamW', 0, 0, 1],
      ['CAME', 1, 1, 1],
      ['Adafactor, β₁ 0.9', 0, 0, 1],
    ]);
  });

  it('chooses the trial that is the first at the target, not the one that ends lowest', () => {
    const trial = (learningRate: number, curve: [number, number][]) => {
      const result = madeUpResult(0, {
        curve: curve.map(([step, validation]) => ({ step, loss: validation, validation })),
      });
      return { learningRate, loss: curve.at(-1)?.[1] as number, diverged: 0, results: [result] };
    };
    const quick = trial(3e-2, [[10, 3], [20, 2], [30, 2]]); // biome-ignore format: a curve is a line
    const low = trial(1e-2, [[10, 3], [20, 2.5], [30, 1.99]]); // biome-ignore format: a curve is a line
    const all = new Map([['adamw', [low, quick]]]);
    expect(fastest(0.02)([low, quick], all)).toBe(quick);
    // 2 is above 1.99 + 0.005.
    expect(fastest(0.005)([low, quick], all)).toBe(low);
    const slow = trial(1e-3, [[10, 3], [20, 3], [30, 2.9]]); // biome-ignore format: a curve is a line
    expect(fastest(0.02)([slow], all)).toBe(slow);
  });

  it.each([
    [{ workloads: ['lm', 'vision'] }, /workloads must be among lm, bert, .* and is vision/],
    [{ workloads: [] }, /at least one/],
    [{ margin: 0 }, /margin must be above 0/],
  ])('refuses %j', (changes, message) => {
    expect(() => time.check({ ...time.presets.smoke, ...changes }, undefined)).toThrow(message);
  });
});

describe('the training experiments', () => {
  const names = ['came-convergence', 'came-time-to-target', 'came-large-batch', 'came-confidence-ablation'];

  it.each(names)('%s accepts its presets and counts at least the cells that it begins with', async (name) => {
    const experiment = (await loadExperiments()).find((one) => one.name === name) as Experiment;
    for (const preset of ['smoke', 'laptop'] as const) {
      const config = experiment.presets[preset];
      experiment.check?.(config, undefined);
      const plan = { config, seeds };
      const first = experiment.cells(plan, new Map());
      expect(experiment.countCells?.(plan)).toBeGreaterThan(first.length);
      expect(new Set(first.map(({ id }) => id)).size).toBe(first.length);
    }
  });
});
