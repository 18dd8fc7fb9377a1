import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  check,
  type ExtrapolationConfig,
  presets,
} from '../../benchmarks/cdape-length-extrapolation/config.ts';
import { outcome } from '../../benchmarks/cdape-length-extrapolation/outcome.ts';
import type { ExtrapolationResult } from '../../benchmarks/cdape-length-extrapolation/result.ts';
import { testLengths } from '../../benchmarks/cdape-length-extrapolation/test-lengths.ts';
import { makeModel } from '../../benchmarks/cdape-length-extrapolation/train-cell.ts';
import type { encodingNames } from '../../benchmarks/cdape-training/encodings.ts';
import { scheduleOf } from '../../benchmarks/cdape-training/optimization.ts';
import { useBackend } from '../../src/backends/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';

const { smoke, laptop, paper } = presets;
const { signal } = new AbortController();

/** As spec'd for the authors' GPT-NeoX: token table and head, L blocks of four LayerNorm vectors, attention and MLP, a last norm. */
function withoutEncoding({ vocabularyRows, width, layers }: ExtrapolationConfig): number {
  return 2 * vocabularyRows * width + layers * (12 * width ** 2 + 13 * width) + 2 * width;
}

/** Of all layers. */
function ofEncoding(
  encoding: string,
  { heads, width, layers, hiddenWidth, kernelSize }: ExtrapolationConfig,
): number {
  const convolution = (channels: number, k: number) =>
    channels * hiddenWidth * k + hiddenWidth + hiddenWidth * heads * k + heads;
  const biases: Record<string, number> = {
    kerple: 2 * heads,
    fire: 2 * hiddenWidth + hiddenWidth * heads + heads + 2,
    cope: (width / heads) * 64,
    'transformer-xl': 2 * width + width ** 2,
    none: 0,
    rope: 0,
    alibi: 0,
  };
  const [, family, base] = /^(?:(c?dape)-)?(.*)$/.exec(encoding) as unknown as string[];
  if (base === 't5') return 32 * heads;
  const own = biases[base as string] as number;
  const channels = ['none', 'rope'].includes(base as string) ? heads : 2 * heads;
  const f = family === undefined ? 0 : convolution(channels, family === 'dape' ? 1 : kernelSize);
  return layers * (own + f);
}

describe('the paper preset', () => {
  it('has the parameters of the paper’s 125M and 350M, the same formula as our models', () => {
    const larger = { ...paper, width: 1024, layers: 24, heads: 16 };
    expect(withoutEncoding(paper)).toBe(162_322_944);
    expect(withoutEncoding(larger)).toBe(405_334_016);
    const more = (encoding: string) => ofEncoding(encoding, paper);
    expect(more('t5')).toBe(384);
    expect(more('kerple')).toBe(288);
    expect(more('fire')).toBe(5544);
    expect(more('cope')).toBe(49_152);
    expect(more('transformer-xl')).toBe(7_096_320);
    expect(more('dape-kerple')).toBe(14_640);
    expect(more('cdape-kerple')).toBe(42_288);
    expect(more('cdape-alibi')).toBe(42_000);
    expect(more('cdape-fire')).toBe(47_544);
    expect(more('cdape-none')).toBe(28_176);
  });

  it('has the schedule of the paper, and its training', () => {
    const schedule = scheduleOf(paper);
    const near = (rate: number, wanted: number) => expect(rate / wanted).toBeCloseTo(1, 4);
    // Warm-up counts updates from 1 there, from 0 here.
    for (const [update, rate] of [
      [100, 1.2e-4],
      [250, 3e-4],
      [500, 6e-4],
    ] as const)
      near(schedule(update - 1), rate);
    for (const [step, rate] of [
      [12_875, 5.2092e-4],
      [25_250, 3.3e-4],
      [37_625, 1.3908e-4],
      [50_000, 6e-5],
    ] as const)
      near(schedule(step), rate);
    expect(paper).toMatchObject({
      batchSize: 256,
      beta1: 0.9,
      beta2: 0.95,
      weightDecay: 0.1,
      clipNorm: 1,
      context: 512,
    });
  });
});

describe('models', () => {
  beforeAll(() => useBackend('cpu'));

  it('have the parameters of the formula, whatever the encoding', () => {
    const config = { ...smoke, width: 24, layers: 2, heads: 2, hiddenWidth: 5, vocabularyRows: 30 };
    for (const encoding of paper.encodings as typeof encodingNames) {
      const model = makeModel({ encoding, seed: 0 }, config, 20, new RandomStreams(0));
      expect(countParameters(model), encoding).toBe(withoutEncoding(config) + ofEncoding(encoding, config));
      model.dispose();
    }
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
