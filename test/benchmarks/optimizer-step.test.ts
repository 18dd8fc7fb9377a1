import { describe, expect, it } from 'vitest';
import { checkConfig, presets } from '../../benchmarks/optimizer-step/config.ts';
import { createTask } from '../../benchmarks/optimizer-step/task.ts';
import { optimizerStep } from '../../benchmarks/optimizer-step.ts';
import { compareWeights } from '../../benchmarks/step-timing/compare-weights.ts';
import { chooseSamples } from '../../benchmarks/step-timing/samples.ts';
import { bertShapes, countElements } from '../../benchmarks/step-timing/shapes.ts';
import { hashedValues } from '../../benchmarks/step-timing/values.ts';
import { runQuietly } from '../support/run-quietly.ts';

describe('bertShapes', () => {
  it("has BERT-Base's and BERT-Large's parameters", () => {
    const base = bertShapes(presets.laptop.bert);
    expect(base).toHaveLength(199);
    expect(countElements(base)).toBe(109_482_240); // bert-base-uncased with its pooler
    expect(countElements(bertShapes(presets.paper.bert))).toBe(335_141_888); // bert-large-uncased
  });
});

describe('hashedValues', () => {
  it('is a fixed function of index and key, exact in float32, without a mean', () => {
    const values = hashedValues(10_000, 3, 2 ** -4);
    expect(hashedValues(10, 3, 2 ** -4)).toEqual(values.subarray(0, 10));
    expect(hashedValues(10, 4, 2 ** -4)).not.toEqual(values.subarray(0, 10));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    // Standard error of the mean of uniform numbers of width 1/16: (1/16)/√12/√10000 = 1.8e-4.
    expect(Math.abs(mean)).toBeLessThan(4 * 1.8e-4);
    expect(Math.max(...values)).toBeLessThan(2 ** -5);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-(2 ** -5));
  });
});

describe('chooseSamples', () => {
  it('takes elements that exist, of matrices and vectors', () => {
    const { shapes } = createTask(presets.smoke);
    const samples = chooseSamples(shapes);
    expect(new Set(samples.map(({ index }) => shapes[index]?.length))).toEqual(new Set([1, 2]));
    for (const { index, elements } of samples) {
      const size = countElements([shapes[index] as number[]]);
      expect(new Set(elements).size).toBe(elements.length);
      expect(Math.max(...elements)).toBeLessThan(size);
    }
  });
});

describe('compareWeights', () => {
  const answering = (
    name: 'native' | 'authors' | 'adamw-fused',
    rule: 'came' | 'adamw',
    values: number[][],
  ) => ({
    name,
    rule,
    values: async () => values,
  });

  it('compares those of one rule, relative to the largest weight of the tensor', async () => {
    const differences = await compareWeights(
      [
        answering('native', 'came', [[1, -4], [0.5]]),
        answering('authors', 'came', [[1, -4 + 8e-6], [0.5]]),
        answering('adamw-fused', 'adamw', [[7, 7], [7]]),
      ],
      [],
    );
    expect(differences).toHaveLength(1);
    expect(differences[0]?.difference).toBeCloseTo(2e-6, 10);
  });

  it('refuses who went elsewhere', async () => {
    const different = [answering('native', 'came', [[1, -4]]), answering('authors', 'came', [[1.001, -4]])];
    await expect(compareWeights(different, [])).rejects.toThrow(
      'authors does not do the same work as native',
    );
  });
});

describe('checkConfig', () => {
  it('names a contestant that does not exist, and its neighbours', () => {
    expect(() => checkConfig({ ...presets.smoke, came: ['nativ'] })).toThrow(
      /came: no contestant nativ. Did you mean native/,
    );
  });
});

describe('run optimizer-step', () => {
  it('steps with every form of ours to the same weights, and claims nothing from a smoke test', async () => {
    const { outcome, backend } = await runQuietly(optimizerStep);
    const { metrics } = outcome;
    expect(outcome.verdict).toBe('not tested');
    expect(metrics['came.eager.ms']).toBeGreaterThan(0);
    expect(metrics['adamw.captured.ms']).toBeGreaterThan(0);
    expect(outcome.warnings).toContain('came authors was not measured: no --peers');
    // W, and of CAME one moment and four vectors for a matrix, two moments for a vector.
    const { bert } = presets.smoke;
    const expected = bertShapes(bert).reduce(
      (floats, [n, m]) =>
        floats + (m === undefined ? 2 * (n as number) : (n as number) * m + 2 * ((n as number) + m)),
      0,
    );
    expect(metrics['came.eager.stateBytes']).toBe(4 * expected);
    expect(metrics['adamw.eager.stateBytes']).toBe(8 * (metrics.parameters as number));
    for (const value of Object.values(metrics)) expect(Number.isFinite(value)).toBe(true);
    if (!backend.nativeKernels) return;
    expect(metrics['came.native.speedup.captured']).toBeGreaterThan(0);
    // Native kernels divide and take roots in another order.
    expect(metrics['came.native.weightDifference.eager']).toBeLessThan(2e-6);
    expect(metrics['adamw.native.weightDifference.eager']).toBeLessThan(2e-6);
  }, 240_000);
});
