import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  check,
  deviationsOf,
  type ExtrapolationConfig,
  longestOf,
  presets,
} from '../../benchmarks/cdape-length-extrapolation/config.ts';
import { outcome } from '../../benchmarks/cdape-length-extrapolation/outcome.ts';
import {
  encodingParameters,
  modelParameters,
} from '../../benchmarks/cdape-length-extrapolation/parameters.ts';
import type { ExtrapolationResult } from '../../benchmarks/cdape-length-extrapolation/result.ts';
import { testLengths } from '../../benchmarks/cdape-length-extrapolation/test-lengths.ts';
import { makeModel } from '../../benchmarks/cdape-length-extrapolation/train-cell.ts';
import { cdapeLengthExtrapolation } from '../../benchmarks/cdape-length-extrapolation.ts';
import { encodingNames } from '../../benchmarks/cdape-training/encodings.ts';
import { makeAdamW } from '../../benchmarks/cdape-training/optimization.ts';
import { scheduleOf } from '../../benchmarks/cdape-training/schedule.ts';
import { describePlan } from '../../benchmarks/commands/plan.ts';
import type { Settings } from '../../benchmarks/commands/settings.ts';
import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';

const { smoke, laptop, paper } = presets;
const { signal } = new AbortController();

describe('the paper preset', () => {
  const rates = scheduleOf(paper);
  const more = (encoding: PositionEncodingName) => encodingParameters(encoding, paper, longestOf(paper));

  it('has the parameters of the paper’s 125M and 350M, and of their encodings', () => {
    expect(modelParameters(paper, 50_304)).toBe(162_322_944);
    expect(modelParameters({ ...paper, width: 1024, layers: 24 }, 50_304)).toBe(405_334_016);
    const counts = {
      t5: 384,
      kerple: 288,
      fire: 5544,
      cope: 49_152,
      'transformer-xl': 7_096_320,
      'dape-kerple': 14_640,
      'cdape-kerple': 42_288,
      'cdape-alibi': 42_000,
      'cdape-fire': 47_544,
      'cdape-none': 28_176,
    } as const;
    for (const [encoding, count] of Object.entries(counts))
      expect(more(encoding as PositionEncodingName), encoding).toBe(count);
  });

  it('has the schedule of the paper, and its training', () => {
    // Warm-up counts updates from 1 there, from 0 here; what is given has five digits.
    const wanted: [step: number, rate: number][] = [
      [100 - 1, 1.2e-4],
      [250 - 1, 3e-4],
      [500 - 1, 6e-4],
      [12_875, 5.2092e-4],
      [25_250, 3.3e-4],
      [37_625, 1.3908e-4],
      [50_000, 6e-5],
    ];
    for (const [step, rate] of wanted) expect(rates(step) / rate).toBeCloseTo(1, 4);
    const training = { batchSize: 256, beta1: 0.9, beta2: 0.95, weightDecay: 0.1, clipNorm: 1, context: 512 };
    expect(paper).toMatchObject(training);
  });

  it('begins with small_init, and with wang_init where a branch ends', () => {
    const { initialDeviation, lastDeviation } = deviationsOf(paper);
    expect(initialDeviation).toBeCloseTo(0.0228218, 7);
    expect(lastDeviation).toBeCloseTo(0.0060141, 7);
  });

  it('says all that with --dry-run', () => {
    const experiment = cdapeLengthExtrapolation as unknown as Experiment;
    const settings: Settings = {
      experiment: experiment.name,
      preset: 'paper',
      config: paper,
      seeds: [0],
      data: null,
      peers: null,
    };
    const plan = describePlan(experiment, settings, { dryRun: true });
    expect(plan).toContain(
      'Training: 50,000 steps of 256 sequences; learning rate up to 6e-4 over 500 steps, then by a cosine to 6e-5; ' +
        'AdamW(0.9, 0.95), weight decay 0.1, gradients clipped to norm 1\n',
    );
    expect(plan).toContain(
      'Parameters: 162,322,944; NoPE +0, RoPE +0, T5 +384, ALiBi +0, Kerple +288, FIRE +5,544, CoPE +49,152, ' +
        'Transformer-XL +7,096,320, DAPE-Kerple +14,640, CDAPE-NoPE +28,176, CDAPE-RoPE +28,176, CDAPE-ALiBi +42,000, ' +
        'CDAPE-Kerple +42,288, CDAPE-FIRE +47,544\n',
    );
  });
});

describe('models', () => {
  beforeAll(() => useBackend('cpu'));

  it('have the parameters of the formula, whatever the encoding', () => {
    const config = { ...smoke, width: 24, layers: 2, heads: 2, hiddenWidth: 5, vocabularyRows: 30 };
    const without = modelParameters(config, 30);
    for (const encoding of encodingNames) {
      const model = makeModel({ encoding, seed: 0 }, config, 20, new RandomStreams(0));
      const own = encodingParameters(encoding, config, longestOf(config));
      expect(countParameters(model), encoding).toBe(without + own);
      model.dispose();
    }
  });

  it('begin with weights of those deviations, biases at 0', async () => {
    const config = { ...smoke, width: 96, layers: 2, heads: 2, vocabularyRows: 64 };
    const model = makeModel({ encoding: 'none', seed: 0 }, config, 20, new RandomStreams(0));
    const [small, wang] = [Math.sqrt(2 / (5 * 96)), 2 / (2 * Math.sqrt(96))];
    for (const { name, variable } of model.parameters()) {
      if (!name.endsWith('.weight') || variable.rank < 2) continue;
      const values = (await variable.data()) as Float32Array;
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      const last = name.endsWith('attention.output.weight') || name.endsWith('mlp.contract.weight');
      // Of at least 6144 draws: within four standard errors of 0.9 %.
      expect(Math.abs(deviation / (last ? wang : small) - 1), name).toBeLessThan(0.04);
    }
    for (const { name, variable } of model.parameters()) {
      if (!name.endsWith('.bias')) continue;
      expect(Math.max(...(await variable.data()).map(Math.abs)), name).toBe(0);
    }
    model.dispose();
  });

  it('decay in all but biases and LayerNorm, the numbers of FIRE too', () => {
    const model = makeModel({ encoding: 'cdape-fire', seed: 0 }, smoke, 20, new RandomStreams(0));
    const optimizer = makeAdamW({ ...smoke, weightDecay: 0.5, learningRate: 1, warmupShare: 0 }, model);
    const before = model.parameters().map(({ variable }) => variable.clone());
    // Without gradients only decay changes anything: by the rate times 0.5.
    const zeros = model
      .parameters()
      .map(({ variable }) => ({ name: variable.name, tensor: tf.zerosLike(variable) }));
    optimizer.applyGradients(zeros);
    const changed = model.parameters().filter(({ variable }, at) => {
      const apart = tf.tidy(() =>
        tf
          .sub(variable, before[at] as tf.Tensor)
          .abs()
          .max(),
      );
      return (apart.dataSync()[0] as number) > 0;
    });
    const unchanged = model.parameters().filter((one) => !changed.some(({ name }) => name === one.name));
    expect(changed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        ['c', 'multiplier', 'weight1'].map((name) => `blocks.0.attention.scores.bias.${name}`),
      ),
    );
    for (const { name } of unchanged) expect(name).toMatch(/bias[12]?$|[nN]orm/);
    expect(unchanged.length).toBeGreaterThan(5);
    optimizer.dispose();
    model.dispose();
  });

  it('of one seed have the same weights, encodings apart', async () => {
    const weights = async (encoding: 'kerple' | 'cdape-fire') => {
      const model = makeModel({ encoding, seed: 3 }, smoke, 20, new RandomStreams(3));
      const own = model.parameters().filter(({ name }) => !name.includes('.scores.'));
      const values = await Promise.all(own.map(async ({ variable }) => [...(await variable.data())]));
      model.dispose();
      return values;
    };
    expect(await weights('kerple')).toEqual(await weights('cdape-fire'));
  });

  it('are tested on the last tokens alone, by blocks of queries', async () => {
    const config = { ...smoke, context: 4, factors: [1, 4], scored: 3, windows: 5, queryBlock: 2 };
    const model = makeModel({ encoding: 'cdape-kerple', seed: 0 }, config, 20, new RandomStreams(0));
    const validation = Uint16Array.from({ length: 200 }, (_, i) => (i * i + 3) % 20);
    const before = tf.memory().numTensors;
    const tests = await testLengths(model, config, { validation }, signal);
    expect(tf.memory().numTensors).toBe(before);
    for (const [at, length] of [4, 16].entries()) {
      // One window at a time, all queries at once, by hand.
      let sum = 0;
      for (let window = 0; window < 5; window++) {
        const end = 16 + Math.floor((window * (200 - 16)) / 5);
        const tokens = tf.tensor2d([...validation.subarray(end - length, end)], [1, length], 'int32');
        const scores = (await tf.logSoftmax(model.logits(tokens)).array()) as number[][][];
        for (let i = 0; i < 3; i++)
          sum -= scores[0]?.[length - 3 + i]?.[validation[end - 2 + i] as number] as number;
      }
      expect(tests[at]).toMatchObject({ length, tokens: 15 });
      // float32 sums in another order
      expect(tests[at]?.loss).toBeCloseTo(sum / 15, 4);
    }
    model.dispose();
  });
});

describe('the verdict', () => {
  const config = { ...laptop, encodings: [...laptop.order], factors: [1, 8] };
  /** Losses at 8 times the length, by encoding and seed. */
  const judged = (losses: Record<string, (number | null)[]>, preset: 'smoke' | 'laptop' = 'laptop') => {
    const results = new Map<string, ExtrapolationResult>();
    for (const [encoding, own] of Object.entries(losses))
      for (const [seed, loss] of own.entries()) {
        const tests = [32, 256].map((length) => ({ length, loss, tokens: 100 }));
        const whole = { diverged: null, curve: [], secondsPerStep: 1, parameters: 10, tests };
        results.set(`${encoding}-seed${seed}`, whole);
      }
    const seeds = Array.from({ length: losses.rope?.length ?? 0 }, (_, seed) => seed);
    return outcome({ config, seeds, preset }, results);
  };
  const ordered = {
    'cdape-kerple': [1.6, 1.71, 1.65],
    'dape-kerple': [1.65, 1.755, 1.7],
    kerple: [1.7, 1.81, 1.75],
    rope: [3, 3.2, 3.1],
  };

  it('is met where every step of the order is clear over paired seeds', () => {
    const { verdict, reason, metrics, rows } = judged(ordered);
    expect(verdict).toBe('met');
    expect(reason).toContain('CDAPE-Kerple − DAPE-Kerple -0.0483');
    expect(metrics['kerple.x8.loss']).toBeCloseTo(1.7533, 4);
    expect(metrics['rope.x8.perplexity']).toBeCloseTo(Math.exp(3.1), 9);
    expect(rows).toHaveLength(4 * 3 * 2);
  });

  it('is not met where one step is not', () => {
    expect(judged({ ...ordered, 'dape-kerple': [1.59, 1.755, 1.7] }).verdict).toBe('not met');
    expect(judged({ ...ordered, 'cdape-kerple': [1.6, null, 1.65] }).verdict).toBe('not met');
  });

  it('takes a rival that diverges for worse', () => {
    expect(judged({ ...ordered, rope: [3, null, 3] }).verdict).toBe('met');
  });

  it('is not tested at smoke size, or with one seed', () => {
    expect(judged(ordered, 'smoke').verdict).toBe('not tested');
    const one = Object.fromEntries(
      Object.entries(ordered).map(([name, losses]) => [name, losses.slice(0, 1)]),
    );
    expect(judged(one).verdict).toBe('not tested');
  });
});

describe('settings', () => {
  it('of the presets are good', () => {
    for (const preset of [smoke, laptop]) expect(() => check(preset, undefined)).not.toThrow();
  });

  it('that cannot be are refused by name', () => {
    const refuse = (change: Partial<ExtrapolationConfig>) =>
      expect(() => check({ ...smoke, ...change }, undefined));
    refuse({ factors: [2, 4] }).toThrow(/factors must be such that 1 is among them/);
    refuse({ orderFactor: 3 }).toThrow(/orderFactor must be one of factors/);
    refuse({ protocol: 'first' }).toThrow(/protocol must be one of end-aligned, last, whole/);
    refuse({ vocabularyRows: 5 }).toThrow(/vocabularyRows must be 0, or at least the \d+ tokens/);
    refuse({ context: 1000 }).toThrow(/too short: a context of 16000/);
  });
});
