import { describe, expect, it } from 'vitest';
import { check, type KernelSizeConfig, presets } from '../../benchmarks/cdape-kernel-size/config.ts';
import { outcome } from '../../benchmarks/cdape-kernel-size/outcome.ts';
import { variantCells, variantsOf } from '../../benchmarks/cdape-kernel-size/variants.ts';
import type { ExtrapolationResult } from '../../benchmarks/cdape-length-extrapolation/result.ts';

const { smoke, laptop } = presets;

describe('variants', () => {
  it('are the kernel sizes at one width, then the widths at both kernels, each once', () => {
    expect(variantsOf(laptop).map(({ kernelSize: k, hiddenWidth: w }) => [k, w])).toEqual([
      [1, 16],
      [3, 16],
      [5, 16],
      [7, 16],
      [1, 4],
      [1, 64],
      [3, 4],
      [3, 64],
    ]);
  });

  it('have cells of their own, with Kerple beside them', () => {
    const ids = variantCells(smoke, [2]).map(({ id, encoding }) => [id, encoding]);
    expect(ids[0]).toEqual(['kerple-seed2', 'kerple']);
    expect(ids[1]).toEqual(['k1-w4-seed2', 'cdape-kerple']);
    expect(ids).toHaveLength(5);
  });
});

describe('the verdict', () => {
  const config: KernelSizeConfig = {
    ...laptop,
    factors: [1, 16],
    kernelSizes: [1, 3],
    hiddenWidths: [4, 64],
  };
  /** Losses at the largest length of three seeds, by variant. */
  function judged(losses: Record<string, number[]>, preset: 'laptop' | 'smoke' = 'laptop') {
    const seeds = [0, 1, 2];
    const results = new Map<string, ExtrapolationResult>();
    for (const { id } of variantCells(config, seeds)) {
      const [name, seed] = id.split('-seed') as [string, string];
      const loss = losses[name]?.[Number(seed)] ?? 2;
      const tests = [32, 512].map((length) => ({ length, loss, tokens: 10 }));
      results.set(id, { diverged: null, curve: [], secondsPerStep: 1, parameters: 9, tests });
    }
    return outcome({ config, seeds, preset }, results);
  }
  const good = {
    'k3-w16': [1.8, 1.7, 1.9],
    'k1-w16': [1.9, 1.81, 2],
    'k3-w4': [1.85, 1.75, 1.96],
    'k1-w64': [1.9, 1.8, 2],
  };

  it('is met where both steps are clear', () => {
    const { verdict, reason, metrics } = judged(good);
    expect(verdict).toBe('met');
    expect(reason).toContain('k 3, w 16 − k 1, w 16 (DAPE) -0.1033');
    expect(metrics['k3-w4.x16.loss']).toBeCloseTo(1.8533, 4);
    expect(metrics['kerple.x1.loss']).toBe(2);
  });

  it('is not met where the narrow kernel is no better than the wide pointwise map', () => {
    expect(judged({ ...good, 'k3-w4': [1.9, 1.81, 2] }).verdict).toBe('not met');
    expect(judged(good, 'smoke').verdict).toBe('not tested');
  });
});

it('settings that cannot be are refused by name', () => {
  for (const preset of [smoke, laptop]) expect(() => check(preset, undefined)).not.toThrow();
  const refuse = (change: Partial<KernelSizeConfig>) =>
    expect(() => check({ ...smoke, ...change }, undefined));
  refuse({ kernelSizes: [1, 2, 3] }).toThrow(/kernelSizes must be odd/);
  refuse({ kernelSizes: [1, 5] }).toThrow(/such that 1 and 3 are among them/);
  refuse({ hiddenWidths: [4, 4] }).toThrow(/hiddenWidths must be different/);
});
