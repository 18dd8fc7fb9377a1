import { describe, expect, it } from 'vitest';
import { checkConfig, presets } from '../../benchmarks/training-step/config.ts';
import { createTask, matmulFlops } from '../../benchmarks/training-step/task.ts';
import { trainingStep } from '../../benchmarks/training-step.ts';
import { runQuietly } from '../support/run-quietly.ts';

describe('matmulFlops', () => {
  it('counts the products of a model small enough to do by hand', () => {
    // V 3, D 2, L 1, H 1, T 2, B 1, so 2 rows. Forward: queries, keys, values 2·2·2·6 = 48, scores 2·2·2·2 = 16, their product
    // with the values 16, output 2·2·2·2 = 16, MLP 2·2·2·8 + 2·2·8·2 = 128, head 2·2·2·3 = 24: 248. Backward twice that.
    const size = { vocabulary: 3, width: 2, layers: 1, heads: 1, sequence: 2, batch: 1, epsilon: 1e-5 };
    expect(matmulFlops(size)).toBe(3 * 248);
  });
});

describe('the task', () => {
  it('is the same at every call, in range, and each window one longer than the sequence', () => {
    const { D16 } = presets.smoke.sizes;
    if (D16 === undefined) throw new Error('the smoke preset has no D16');
    const task = createTask(D16, presets.smoke, 'weights');
    expect(createTask(D16, presets.smoke, 'weights')).toEqual(task);
    for (const window of task.windows.flat()) {
      expect(window).toHaveLength(D16.sequence + 1);
      for (const token of window) expect(token >= 0 && token < presets.smoke.vocabulary).toBe(true);
    }
  });
});

describe('checkConfig', () => {
  it('names a contestant that does not exist, and its neighbours', () => {
    const { D16 } = presets.smoke.sizes;
    if (D16 === undefined) throw new Error('the smoke preset has no D16');
    const sizes = { D16: { ...D16, contestants: ['captured', 'pytoch'] } };
    expect(() => checkConfig({ ...presets.smoke, sizes })).toThrow(
      /sizes.D16.contestants: no contestant pytoch. Did you mean pytorch\?/,
    );
  });
});

describe('run training-step', () => {
  it('times what is here, with the same losses everywhere, and claims nothing from a smoke test', async () => {
    const { D16 } = presets.smoke.sizes;
    if (D16 === undefined) throw new Error('the smoke preset has no D16');
    const contestants = ['captured', 'eager', 'wasm', 'wasm-stock', 'pytorch'];
    const config = { ...presets.smoke, sizes: { D16: { ...D16, contestants } }, maximumSteps: 3 };
    const { outcome, backend } = await runQuietly(trainingStep, config);
    const { metrics } = outcome;
    expect(outcome.verdict).toBe('not tested');
    expect(metrics['D16.wasm.ms']).toBeGreaterThan(0);
    expect(metrics['D16.wasm.speedup.stock']).toBeCloseTo(
      (metrics['D16.wasm-stock.ms'] as number) / (metrics['D16.wasm.ms'] as number),
    );
    expect(outcome.warnings).toContain('pytorch was not measured: no --peers');
    for (const [key, value] of Object.entries(metrics)) {
      expect(Number.isFinite(value)).toBe(true);
      // Backends round otherwise, but the model is the same: far below the tolerance that would be an error.
      if (key.includes('.lossDifference.')) expect(value).toBeLessThan(1e-5);
    }
    const there = backend.name === 'tensorflow' ? 4 : 2;
    expect(outcome.tables[0]?.rows).toHaveLength(there);
    const keys = new Set(outcome.rows.map((row) => Object.keys(row).join()));
    expect([...keys]).toEqual(['size,contestant,round,ms,others,disturbed']);
    if (backend.name !== 'tensorflow') return;
    expect(metrics['D16.speedup.eager']).toBeGreaterThan(0);
    expect(metrics['D16.peakShare']).toBeGreaterThan(0);
  }, 240_000);
});
