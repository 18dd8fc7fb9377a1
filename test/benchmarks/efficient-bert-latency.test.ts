import * as tf from '@tensorflow/tfjs';
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
import { encoderToOnnx } from '../../benchmarks/efficient-bert-latency/encoder-to-onnx.ts';
import { measure } from '../../benchmarks/efficient-bert-latency/measure.ts';
import { makeModel } from '../../benchmarks/efficient-bert-latency/models.ts';
import { startOnnxruntime } from '../../benchmarks/efficient-bert-latency/onnxruntime.ts';
import { outcome } from '../../benchmarks/efficient-bert-latency/outcome.ts';
import type { EfficientBert } from '../../methods/efficient-bert/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { expectAllClose } from '../support/allclose.ts';

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
  const model = { parameters: 1, macs: 1, difference: torch === null ? null : 1e-5, onnxDifference: null };
  const result: LatencyResult = {
    cell: cell as LatencyResult['cell'],
    models: config.models.map((name) => ({ name, ...model })),
    comparison: { timings, samples: [], valid: true, others: 0 },
    torch: torch === null ? null : 'PyTorch',
    onnx: null,
    onnxAbsent: 'it is not installed',
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
    const models = [{ name: 'bert-base', parameters: 1, macs: 1, difference: 0.1, onnxDifference: null }];
    expect(judged(450, 100, 450, { models }).reason).toContain('PyTorch computes other states than ours');
    const others = models.map((model) => ({ ...model, difference: 1e-6, onnxDifference: 0.1 }));
    expect(judged(450, 100, 450, { models: others }).reason).toContain('onnxruntime computes other states');
  });

  it('says in the report why onnxruntime was not tested', () => {
    const notes = judged(450, 100, 450).tables.map(({ note }) => note);
    expect(notes.join()).toContain('onnxruntime was not tested: it is not installed.');
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
  const result = await measure(cell as LatencyResult['cell'], models, undefined, 'it is not installed', {
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
  const forms = FORMS.slice(0, 2); // ours
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

describe('onnxruntime', () => {
  it('is looked up when it is wanted: absent, with how to get it, or of the same states', async () => {
    await useBackend('js');
    const models = [
      makeModel('bert-base', 24),
      makeModel('efficient-bert', 24),
      makeModel('mobilebert-tiny', 24),
    ];
    const onnx = await startOnnxruntime(models);
    if (typeof onnx === 'string') {
      expect(onnx).toContain('npm install --no-save onnxruntime-node');
    } else {
      expect([...onnx.models]).toEqual(['bert-base', 'efficient-bert']);
      for (const { name, model } of models.slice(0, 2)) {
        const ids = Int32Array.of(5, 1, 8, 3, 9, 2);
        const tokens = tf.tensor2d(ids, [2, 3], 'int32');
        const first = tf.slice(model.encoder.encode({ tokens }), [0, 0, 0], [2, 1, model.sizes.width]);
        await expectAllClose(first, await onnx.prepare(name, ids, 2)(), { rtol: 1e-5, atol: 1e-5 });
      }
      await onnx.dispose();
    }
    for (const { model } of models) model.dispose();
  });

  it('gets a file with every weight of the encoder, and the operations of its networks', async () => {
    await useBackend('js');
    const { model } = makeModel('efficient-bert', 24);
    const file = Buffer.from(await encoderToOnnx(model as EfficientBert));
    for (const { name } of (model as EfficientBert).encoder.parameters())
      expect(file.includes(name), name).toBe(true);
    // Of the searched expressions: an elu, sigmoid and leaky_relu outside, a maximum inside.
    for (const operation of ['Elu', 'Sigmoid', 'LeakyRelu', 'Max', 'Gelu', 'LayerNormalization'])
      expect(file.includes(operation), operation).toBe(true);
    model.dispose();
  });
});
