import { describe, expect, it } from 'vitest';
import { check, costCells, presets } from '../../benchmarks/cdape-attention-cost/config.ts';
import { lossDifferences } from '../../benchmarks/cdape-attention-cost/loss-differences.ts';
import { mapBytes, multiplyAdds, stepOperations } from '../../benchmarks/cdape-attention-cost/operations.ts';
import { outcome } from '../../benchmarks/cdape-attention-cost/outcome.ts';
import type { EvaluationResult, LengthResult } from '../../benchmarks/cdape-attention-cost/result.ts';

const { laptop } = presets;

describe('operations for each query and key', () => {
  const paper = { width: 768, heads: 12, hiddenWidth: 32, kernelSize: 3 };

  it('are those of the paper’s 125M', () => {
    const { attention, convolution } = multiplyAdds('cdape-kerple', paper);
    expect([attention, convolution]).toEqual([1536, 3456]);
    expect(convolution / attention).toBe(2.25);
    expect(multiplyAdds('dape-kerple', paper).convolution / attention).toBe(0.75);
    expect(multiplyAdds('cdape-kerple', { ...paper, kernelSize: 5 }).convolution / attention).toBe(3.75);
  });

  it('leave maps of 12, 24 and 32 MiB at T 512', () => {
    const { scores, input, hidden } = mapBytes('cdape-kerple', 512, paper);
    expect([scores, input, hidden].map((bytes) => bytes / 2 ** 20)).toEqual([12, 24, 32]);
    expect(mapBytes('cdape-none', 512, paper).input).toBe(scores);
  });

  it('have two thirds without a bias, and none without f', () => {
    expect(multiplyAdds('cdape-rope', paper).convolution).toBe(2304);
    expect(multiplyAdds('dape-none', paper).convolution).toBe(768);
    expect(multiplyAdds('kerple', paper).convolution).toBe(0);
    expect(multiplyAdds('none', paper).convolution).toBe(0);
  });

  it('count twice for each multiply-add and three times for a training step', () => {
    expect(stepOperations(10, 4, { layers: 2, batchSize: 5 })).toBe(10 * 2 * 3 * 2 * 5 * 16);
  });
});

/** Milliseconds and MiB by contestant, at T 256. */
function measured(
  table: Record<string, readonly [ms: number, mebibytes: number]>,
  valid = true,
): LengthResult {
  const names = Object.keys(table);
  return {
    length: 256,
    contestants: names.map((name) => ({
      name,
      version: 'a version',
      form: 'captured',
      threads: 2,
      peakBytes: (table[name]?.[1] as number) * 2 ** 20,
    })),
    comparison: {
      timings: Object.fromEntries(
        names.map((name) => [name, { median: table[name]?.[0] as number, minimum: 1, mad: 1, count: 3 }]),
      ),
      samples: [],
      valid,
      others: 0,
    },
    lossDifferences: {},
    absences: { 'pytorch-kerple': 'no --peers' },
  };
}

const good = {
  none: [100, 500],
  kerple: [110, 520],
  'cdape-kerple': [190, 700],
  'pytorch-cdape-kerple': [600, 3000],
} as const;

/** CDAPE-Kerple by blocks: at T 1024 and T 8192. */
function evaluated(difference: number, gibibytes: number): EvaluationResult[] {
  const shared = { evaluated: 'cdape-kerple', version: 'a version', seconds: 2 };
  return [
    { ...shared, length: 1024, peakBytes: 2 ** 29, difference },
    { ...shared, length: 8192, peakBytes: gibibytes * 2 ** 30, difference: null },
  ];
}

describe('the verdict', () => {
  const verdictOf = (
    result: LengthResult,
    preset: 'laptop' | 'smoke' = 'laptop',
    evaluations = evaluated(1e-6, 1.5),
  ) => outcome({ config: laptop, preset }, [result, ...evaluations]);

  it('is met within all bars', () => {
    const { verdict, metrics, warnings, tables } = verdictOf(measured(good));
    expect(verdict).toBe('met');
    expect(metrics['T256.cdape-kerple.overOfficial']).toBeCloseTo(190 / 600, 12);
    expect(metrics['T256.cdape-kerple.overKerple']).toBeCloseTo(190 / 110, 12);
    expect(metrics['T256.cdape-kerple.memoryOverKerple']).toBeCloseTo(700 / 520, 12);
    expect(metrics['T256.kerple.overPlain']).toBeCloseTo(1.1, 12);
    expect(warnings).toEqual(['pytorch-kerple was not measured: no --peers']);
    // 2.25 times 768/256 · 8/12: 3·8·32·3 multiply-adds against 2·256.
    expect(tables[0]?.rows[2]?.[8]).toBe(4.5);
    expect(tables[0]?.rows[3]?.[0]).toContain('authors’ rule');
    expect(metrics['evaluation.T8192.cdape-kerple.gibibytes']).toBe(1.5);
    expect(tables[1]?.rows[0]).toEqual(['CDAPE-Kerple', 1024, 2, 0.5, '1.0e-6', 'a version']);
  });

  it('is not met where one is missed', () => {
    expect(verdictOf(measured({ ...good, 'cdape-kerple': [215, 700] })).verdict).toBe('not met');
    expect(verdictOf(measured({ ...good, 'cdape-kerple': [190, 800] })).verdict).toBe('not met');
    expect(verdictOf(measured(good), 'laptop', evaluated(1e-6, 4.1)).reason).toContain(
      'T8192.cdape-kerple.gib',
    );
    expect(verdictOf(measured(good), 'laptop', evaluated(2e-5, 1)).reason).toContain(
      'T1024.cdape-kerple.diff',
    );
  });

  it('is not tested without the peer, on a busy machine, or at smoke size', () => {
    const { 'pytorch-cdape-kerple': _, ...alone } = good;
    expect(verdictOf(measured(alone)).verdict).toBe('not tested');
    expect(verdictOf(measured(good, false)).verdict).toBe('not tested');
    expect(verdictOf(measured(good), 'laptop', []).verdict).toBe('not tested');
    expect(verdictOf(measured(good), 'smoke').verdict).toBe('not tested');
  });
});

it('peers that do other work are not in the race', () => {
  const one = (name: string, losses: number[]) => ({ name, losses });
  const ours = one('cdape-kerple', [4, 3.5]);
  expect(lossDifferences([ours, one('pytorch-cdape-kerple', [4, 3.50001])])).toEqual({
    'pytorch-cdape-kerple': expect.closeTo(0.00001 / 3.5, 9),
  });
  expect(() => lossDifferences([ours, one('pytorch-cdape-kerple', [4, 3.6])])).toThrow(
    /not do the same work/,
  );
  expect(lossDifferences([ours, one('pytorch-kerple', [1, 1])])).toEqual({});
});

it('has a cell for each length of training, then for each evaluation', () => {
  expect(costCells(laptop).map(({ id }) => id)).toEqual([
    'T64',
    'T128',
    'T256',
    'evaluate-kerple-T1024',
    'evaluate-cdape-kerple-T1024',
    'evaluate-kerple-T8192',
    'evaluate-cdape-kerple-T8192',
  ]);
});

it('settings that cannot be are refused by name', () => {
  for (const preset of Object.values(presets)) expect(() => check(preset)).not.toThrow();
  expect(() => check({ ...laptop, claimLength: 100 })).toThrow(/claimLength must be one of lengths/);
  expect(() => check({ ...laptop, encodings: ['alibbi'] })).toThrow(/Did you mean alibi/);
});
