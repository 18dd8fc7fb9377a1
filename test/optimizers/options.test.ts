import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { AdamW, noDecayOnVectors, register } from '../../src/optimizers/index.ts';

beforeAll(async () => {
  await useBackend('js');
});

afterEach(() => {
  vi.restoreAllMocks();
});

const came = (options: object) => () => new CAME({ learningRate: 1e-3, ...options });

describe('options', () => {
  it.each([
    ['an unknown one, listing the known', came({ beta4: 0.5 }), /beta4.*beta1, beta2, beta3/],
    ['β = 1', came({ beta2: 1 }), /beta2 must be in \[0, 1\); got 1/],
    ['β < 0', came({ beta1: -0.1 }), /beta1/],
    ['ε = 0', came({ epsilon1: 0 }), /epsilon1/],
    ['d = 0', came({ clipThreshold: 0 }), /clipThreshold/],
    ['a decay that is not a number', came({ weightDecay: '0.1' }), /weightDecay/],
    ['an unknown factorization', came({ factorization: 'last3' }), /factorization.*last2, merge, none, oihw/],
    ['an unknown rule for non-finite gradients', came({ nonFinite: 'ignore' }), /nonFinite/],
    ['no learning rate', () => new CAME({} as { learningRate: number }), /learningRate/],
    ['a learning rate that is not finite', came({ learningRate: Number.NaN }), /learningRate.*NaN/],
    ['a schedule of no kind', came({ learningRate: { kind: 'step', peak: 1 } }), /'step' schedule.*cosine/],
    [
      'a schedule out of range',
      came({ learningRate: { kind: 'linear', peak: 1, warmup: 20, total: 10 } }),
      /warmup must be at most the 10 steps of the run, got 20/,
    ],
    [
      'a misspelt schedule',
      came({ learningRate: { kind: 'constant', peak: 1, warmUp: 2 } }),
      /learningRate: a schedule has no 'warmUp'/,
    ],
    ['AdamW with β = 1', () => new AdamW({ beta1: 1 }), /AdamW: beta1/],
  ])('refuses %s', (_what, make, message) => {
    expect(make).toThrow(UserError);
    expect(make).toThrow(message);
  });

  it('refuses a bad learning rate set later', () => {
    const optimizer = new AdamW();
    expect(() => {
      optimizer.learningRate = -1;
    }).toThrow(UserError);
    optimizer.setLearningRate(0.5);
    expect(optimizer.currentLearningRate()).toBe(0.5);
  });
});

describe('configuration', () => {
  it('survives JSON, Infinity and named mask included', () => {
    const options = {
      learningRate: 3e-4,
      beta1: 0.8,
      beta2: 0.95,
      beta3: 0.995,
      epsilon1: 1e-29,
      epsilon2: 1e-15,
      clipThreshold: Number.POSITIVE_INFINITY,
      weightDecay: 0.1,
      decay: noDecayOnVectors,
      factorization: 'merge',
      nonFinite: 'skip',
      confidence: false,
      biasCorrection: 'full',
      updateClip: Number.POSITIVE_INFINITY,
      confidenceForVectors: true,
      cautious: true,
    } as const;
    const saved = JSON.parse(JSON.stringify(new CAME(options).getConfig()));
    expect(CAME.fromConfig<CAME>(CAME, saved).options).toEqual(options);
  });

  it('ignores what the model loader adds', () => {
    const config = { ...new AdamW({ beta1: 0.8 }).getConfig(), customObjects: {} };
    expect(AdamW.fromConfig<AdamW>(AdamW, config).options.beta1).toBe(0.8);
  });

  it('says what cannot be saved', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const optimizer = new AdamW({ learningRate: (step) => 0.1 / (step + 1), decay: () => true });
    expect(optimizer.getConfig()).toMatchObject({ learningRate: 0.1, decay: 'all' });
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('keeps a schedule object, and continues it', async () => {
    const learningRate = { kind: 'linear', peak: 0.1, warmup: 2, total: 6 } as const;
    const optimizer = new AdamW({ learningRate });
    expect(optimizer.currentLearningRate()).toBe(0.05);
    const saved = JSON.parse(JSON.stringify(optimizer.getConfig()));
    expect(saved.learningRate).toEqual(learningRate);
    const loaded = AdamW.fromConfig<AdamW>(AdamW, saved);
    const iter = tf.scalar(4, 'int32');
    await loaded.setWeights([{ name: 'iter', tensor: iter }]);
    // Four of six steps are done, two of them the warm-up: half of the way down.
    expect(loaded.currentLearningRate()).toBeCloseTo(0.05, 12);
    loaded.setLearningRate({ ...learningRate, kind: 'constant' });
    expect(loaded.currentLearningRate()).toBe(0.1);
    iter.dispose();
  });

  it('is found by TensorFlow.js once registered', () => {
    register(CAME, AdamW);
    register(CAME);
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    expect(classNameMap.CAME?.[0]).toBe(CAME);
    expect(classNameMap.AdamW?.[0]).toBe(AdamW);
  });
});
