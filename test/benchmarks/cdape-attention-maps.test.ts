import { describe, expect, it } from 'vitest';
import { type AttentionMapsConfig, check, presets } from '../../benchmarks/cdape-attention-maps/config.ts';
import { varianceOfDifference } from '../../benchmarks/cdape-attention-maps/content-share.ts';
import { outcome } from '../../benchmarks/cdape-attention-maps/outcome.ts';
import type { MapsResult } from '../../benchmarks/cdape-attention-maps/result.ts';

const zeros = [[0], [0, 0], [0, 0, 0]];

describe('the variance of what is added', () => {
  it('lies between distances for a position bias', () => {
    const { deviation, withinDistances } = varianceOfDifference([[0], [-1, 0], [-2, -1, 0]], zeros);
    expect(withinDistances).toBe(0);
    // 0, 0, 0, −1, −1, −2: mean −2/3, squares around it 10/3.
    expect(deviation).toBeCloseTo(Math.sqrt(10 / 3 / 6), 12);
  });

  it('lies within them where all distances have the same mean', () => {
    expect(varianceOfDifference([[0], [1, 3], [-1, -1, -3]], zeros).withinDistances).toBeGreaterThan(0.9);
  });

  it('is divided where both play a part', () => {
    // Distance 0: 0, 0, 0; distance 1: 1, 3; distance 2: 2. Mean 1; squares around it 8, of which 2 are within distance 1.
    expect(varianceOfDifference([[0], [1, 0], [2, 3, 0]], zeros).withinDistances).toBeCloseTo(2 / 8, 12);
  });

  it('is not divided where nothing is added', () => {
    expect(varianceOfDifference(zeros, zeros)).toEqual({ deviation: 0, withinDistances: null });
  });
});

describe('the outcome', () => {
  const config: AttentionMapsConfig = { ...presets.laptop, encodings: ['kerple', 'cdape-kerple'] };
  const maps = (contentShare: number | null): MapsResult => ({
    diverged: null,
    curve: [],
    secondsPerStep: 1,
    parameters: 5,
    tokens: ['a', '\n', 'a'],
    heads: [
      { place: '0.0', contentShare, added: 0.5, before: zeros, after: [[1], [2, 3], [4, 5, 6]] },
      { place: '0.1', contentShare, added: 0.5, before: null, after: null },
    ],
  });
  const judged = (share: number | null, preset: 'laptop' | 'smoke' = 'laptop') =>
    outcome(
      { config, seeds: [0], preset },
      new Map([
        ['kerple-seed0', maps(null)],
        ['cdape-kerple-seed0', maps(share)],
      ]),
    );

  it('is judged by the mean share', () => {
    expect(judged(0.2).verdict).toBe('met');
    expect(judged(0.19).verdict).toBe('not met');
    expect(judged(null).verdict).toBe('not tested');
    expect(judged(0.2, 'smoke').verdict).toBe('not tested');
    expect(judged(0.3).metrics).toEqual({ 'cdape-kerple.contentShare': expect.closeTo(0.3, 12) });
  });

  it('draws both maps, and one where there is no f', () => {
    const { charts } = judged(0.3);
    expect(charts.map(({ name }) => name)).toEqual([
      'map-kerple-0-0-after',
      'map-cdape-kerple-0-0-before',
      'map-cdape-kerple-0-0-after',
    ]);
    expect(charts[2]?.spec.data).toMatchObject({ values: expect.any(Array) });
    const values = (charts[2]?.spec.data as { values: object[] } | undefined)?.values ?? [];
    expect(values).toHaveLength(6);
    expect(values[5]).toEqual({ key: '2 a', query: '2 a', score: 6 });
  });
});

it('settings that cannot be are refused by name', () => {
  for (const preset of [presets.smoke, presets.laptop]) expect(() => check(preset, undefined)).not.toThrow();
  const refuse = (change: Partial<AttentionMapsConfig>) =>
    expect(() => check({ ...presets.smoke, ...change }, undefined));
  refuse({ drawn: ['1.0'] }).toThrow(/drawn must be layer.head of 1 layers and 2 heads/);
  refuse({ drawn: ['first'] }).toThrow(/drawn must be layer.head/);
  refuse({ mapLength: 1000 }).toThrow(/mapLength must be at most 128/);
});
