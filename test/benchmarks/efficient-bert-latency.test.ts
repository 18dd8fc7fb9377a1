import { describe, expect, it } from 'vitest';
import {
  check,
  contestantName,
  FORMS,
  type LatencyConfig,
  type LatencyResult,
  latencyCells,
  presets,
} from '../../benchmarks/efficient-bert-latency/config.ts';
import { measure } from '../../benchmarks/efficient-bert-latency/measure.ts';
import { makeModel } from '../../benchmarks/efficient-bert-latency/models.ts';
import { outcome } from '../../benchmarks/efficient-bert-latency/outcome.ts';
import { useBackend } from '../../src/backends/index.ts';

const config: LatencyConfig = {
  ...presets.laptop,
  models: ['bert-base', 'efficient-bert'],
  batchSizes: [1],
  lengths: [128],
};

/** Milliseconds of BERT-base and EfficientBERT, captured, and of PyTorch's BERT-base. */
function judged(base: number, ours: number, torch: number | null, change: Partial<LatencyResult> = {}) {
  const timing = (median: number) => ({ median, minimum: median, mad: 0, count: 5 });
  const timings = {
    [contestantName('bert-base', 'captured')]: timing(base),
    [contestantName('efficient-bert', 'captured')]: timing(ours),
    ...(torch !== null && { [contestantName('bert-base', 'PyTorch')]: timing(torch) }),
  };
  const [cell] = latencyCells(config);
  const model = { parameters: 1, macs: 1, difference: torch === null ? null : 1e-5 };
  const result: LatencyResult = {
    cell: cell as LatencyResult['cell'],
    models: config.models.map((name) => ({ name, ...model })),
    comparison: { timings, samples: [], valid: true, others: 0 },
    torch: torch === null ? null : 'PyTorch',
    ...change,
  };
  return outcome({ config, seeds: [0] }, new Map([['B1-L128', result]]));
}

describe('the verdict', () => {
  it('is met where both ratios are, and not where one is missed', () => {
    expect(judged(450, 100, 450).verdict).toBe('met');
    expect(judged(430, 100, 450).verdict).toBe('not met');
    expect(judged(450, 100, 440).verdict).toBe('not met');
    const { metrics, reason } = judged(450, 100, 500);
    expect(metrics['B1-L128.efficient-bert.captured.faster']).toBe(4.5);
    expect(metrics['B1-L128.bert-base.timesPyTorch']).toBe(0.9);
    expect(reason).toContain('4.50 times as fast');
  });

  it('is not tested without PyTorch or on a busy machine, and not met where states differ', () => {
    expect(judged(450, 100, null).verdict).toBe('not tested');
    expect(judged(400, 100, null).verdict).toBe('not met');
    const comparison = { ...judgedComparison(), valid: false };
    expect(judged(450, 100, 450, { comparison }).verdict).toBe('not tested');
    const models = [{ name: 'bert-base', parameters: 1, macs: 1, difference: 0.1 }];
    expect(judged(450, 100, 450, { models }).reason).toContain('other states than ours');
  });
});

function judgedComparison(): LatencyResult['comparison'] {
  const timing = { median: 1, minimum: 1, mad: 0, count: 1 };
  const names = config.models.map((model) => contestantName(model, 'captured'));
  return {
    timings: Object.fromEntries(names.map((name) => [name, timing])),
    samples: [],
    valid: true,
    others: 0,
  };
}

it('times every model in every form', async () => {
  const backend = await useBackend('js');
  const small = { ...presets.smoke, lengths: [4], models: ['bert-base', 'mobilebert-tiny'], rounds: 1 };
  const models = [makeModel('bert-base', 24), makeModel('mobilebert-tiny', 24)];
  const [cell] = latencyCells(small);
  const units: number[] = [];
  const progress = {
    note() {},
    warn() {},
    expect() {},
    advance: (_: unknown, count = 1) => void units.push(count),
    finish() {},
  };
  const result = await measure(cell as LatencyResult['cell'], models, undefined, {
    preset: 'smoke',
    config: small,
    seeds: [0],
    backend,
    data: undefined,
    peers: undefined,
    progress,
    signal: new AbortController().signal,
  });
  for (const { model } of models) model.dispose();
  const forms = FORMS.filter((form) => form !== 'PyTorch');
  expect(Object.keys(result.comparison.timings)).toEqual(
    small.models.flatMap((model) => forms.map((form) => contestantName(model, form))),
  );
  expect(units).toHaveLength(models.length + 1);
});

it('refuses settings that cannot be', () => {
  for (const preset of Object.values(presets)) expect(() => check(preset)).not.toThrow();
  expect(() => check({ ...config, models: ['efficient-bert'] })).toThrow(/list with bert-base/);
  expect(() => check({ ...config, models: ['bert-base', 'bert'] })).toThrow(/among bert-base/);
  expect(() => check({ ...config, lengths: [1024] })).toThrow(/at most 512/);
});
