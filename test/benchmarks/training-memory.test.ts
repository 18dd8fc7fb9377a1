import { describe, expect, it } from 'vitest';
import { checkConfig, presets } from '../../benchmarks/training-memory/config.ts';
import { report } from '../../benchmarks/training-memory/report.ts';
import type { MemorySample } from '../../benchmarks/training-memory/worker.ts';
import { trainingMemory } from '../../benchmarks/training-memory.ts';
import { runQuietly } from '../support/run-quietly.ts';

/** Readings every 50 steps of a process that has `tensors` and grows by so many bytes a step. */
function readings(tensors: (step: number) => number, bytesPerStep: number): MemorySample[] {
  return Array.from({ length: 40 }, (_, index) => {
    const step = 50 * (index + 1);
    return { step, tensors: tensors(step), residentBytes: 400 * 2 ** 20 + step * bytesPerStep, loss: 1 };
  });
}

describe('the verdict of training-memory', () => {
  const steady = { optimizer: 'came', samples: readings(() => 100, 0) } as const;

  it('is met by a flat line, whatever happens before it has settled', () => {
    const warming = readings((step) => (step < 200 ? step : 100), 0);
    expect(report([{ optimizer: 'adamw', samples: warming }, steady], presets.laptop).verdict).toBe('met');
  });

  it('is not met by one tensor more', () => {
    const leaking = readings((step) => (step < 2000 ? 100 : 101), 0);
    const { verdict, reason } = report([{ optimizer: 'adamw', samples: leaking }, steady], presets.laptop);
    expect(verdict).toBe('not met');
    expect(reason).toContain('adamw.numTensors.growth 1.00');
  });

  it('is not met by memory that grows by 4 % from step 200 to step 2,000', () => {
    // Medians of five readings stand for steps 300 and 1900: 1600 steps of 10 KiB are 15.6 MiB of 403.
    const growing = readings(() => 100, 10 * 2 ** 10);
    const { verdict, metrics } = report([{ optimizer: 'adamw', samples: growing }, steady], presets.laptop);
    expect(metrics['adamw.rss.growthShare']).toBeCloseTo(15.625 / (400 + 300 / 102.4), 6);
    expect(verdict).toBe('not met');
  });

  it('is not tested by fewer steps', () => {
    expect(report([steady], { ...presets.laptop, steps: 1999 }).verdict).toBe('not tested');
  });
});

describe('checkConfig', () => {
  it('wants steps to compare', () => {
    expect(() => checkConfig({ ...presets.smoke, steps: 20 })).toThrow('steps (20)');
  });
});

describe('run training-memory', () => {
  it('holds on to no tensor', async () => {
    const { outcome } = await runQuietly(trainingMemory);
    for (const optimizer of ['adamw', 'came']) {
      expect(outcome.metrics[`${optimizer}.numTensors.start`]).toBeGreaterThan(0);
      expect(outcome.metrics[`${optimizer}.numTensors.growth`]).toBe(0);
    }
    expect(outcome.verdict).toBe('not tested');
  }, 240_000);
});
