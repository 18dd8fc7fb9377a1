import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { addBias, alibi, type CdapeOptions, cdape, fire, kerple } from '../../methods/cdape/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import {
  countParameters,
  LanguageModel,
  type ParameterOwner,
  type ScoreProcessor,
} from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStream, RandomStreams } from '../../src/random/index.ts';
import { expectAllClose, maxDifference, tolerance } from '../support/allclose.ts';
import { CAPTURES } from '../support/modes.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';

const stream = () => RandomStream.fromSeed(1, 'init');
const OPTIONS = { vocabulary: 11, contextLength: 8, width: 8, layers: 2, heads: 2, hidden: 12 };
const [B, T] = [2, 6];

type Processor = (layer: number, stream: RandomStream) => ScoreProcessor;

const cdapeKerple: Processor = (_, init) => cdape({ heads: 2, width: 4, bias: kerple(2, init) }, init);

function create(process: Processor): LanguageModel {
  const streams = new RandomStreams(1);
  return new LanguageModel({ ...OPTIONS, positions: 'none' }, streams, {
    process: (layer) => process(layer, streams.init),
  });
}

function tokens(seed: number, length = T): tf.Tensor2D {
  return tf.tensor2d(new RandomNumbers(seed).integers(B * length, 11), [B, length], 'int32');
}

/** With the weights of W₂ and b₂ at 0. */
function silence(owner: Pick<ParameterOwner, 'parameters'>): void {
  for (const { name, variable } of owner.parameters()) {
    if (/(kernel|bias)2$/.test(name)) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
  }
}

describe('cdape', () => {
  it.each([
    [{ heads: 12 }, true, 3500],
    [{ heads: 12 }, false, 2348],
    [{ heads: 12, kernelSize: 1 }, true, 1196],
    [{ heads: 12, kernelSize: 1 }, false, 812],
    [{ heads: 12, kernelSize: 5 }, true, 5804],
    [{ heads: 12, kernelSize: 7 }, true, 8108],
    [{ heads: 12, width: 10 }, true, 1102],
    [{ heads: 8 }, true, 2344],
    [{ heads: 16 }, true, 4656],
  ])('%o, with a bias: %s, has %d parameters', (options: CdapeOptions, withBias, expected) => {
    const process = cdape(withBias ? { ...options, bias: alibi(options.heads) } : options, stream());
    expect(countParameters(process)).toBe(expected);
    process.dispose();
  });

  it('starts uniform within the bounds of PyTorch', async () => {
    const process = cdape({ heads: 12, bias: alibi(12) }, stream());
    const bounds = { kernel1: 0.1178511, bias1: 0.1178511, kernel2: 0.1020621, bias2: 0.1020621 };
    for (const { name, variable, decay } of process.parameters()) {
      const bound = bounds[name as keyof typeof bounds];
      const values = Array.from(await variable.data());
      expect(Math.max(...values.map(Math.abs)), name).toBeLessThanOrEqual(bound + 1e-7);
      expect(decay, name).toBe(name.startsWith('kernel'));
      if (!decay) continue;
      // Over a thousand numbers: the standard deviation is right to a few per cent.
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1), name).toBeLessThan(0.05);
    }
    process.dispose();
  });

  it('names its parameters, and owns those of its bias', async () => {
    const process = cdape({ heads: 2, bias: kerple(2, stream()) }, stream());
    const names = process.parameters().map(({ name }) => name);
    expect(names).toEqual(['kernel1', 'bias1', 'kernel2', 'bias2', 'bias.p', 'bias.a']);
    const variables = process.parameters().map(({ variable }) => variable);
    process.dispose();
    expect(variables.every(({ isDisposed }) => isDisposed)).toBe(true);
    process.dispose();
  });

  it('refuses sizes that make no convolution, and an attention of other heads', () => {
    expect(() => cdape({ heads: 2, kernelSize: 4 }, stream())).toThrow(UserError);
    expect(() => cdape({ heads: 2, kernelSize: 4 }, stream())).toThrow('kernelSize must be odd');
    expect(() => cdape({ heads: 2, width: 0 }, stream())).toThrow('width must be a positive integer, got 0');
    expect(() => cdape({ heads: 2.5 }, stream())).toThrow('heads must be a positive integer, got 2.5');
    const model = create((_, init) => cdape({ heads: 4 }, init));
    expect(() => model.logits(tokens(1))).toThrow(
      'the first kernel, for 2 heads, must have shape [1, k, 2, w], got [1, 3, 4, 32]',
    );
    model.dispose();
  });
});

describe('in a language model', () => {
  it.each<[string, Processor, Processor]>([
    ['ALiBi', () => addBias(alibi(2)), (_, init) => cdape({ heads: 2, bias: alibi(2) }, init)],
    ['no encoding', () => (scores) => scores, (_, init) => cdape({ heads: 2 }, init)],
  ])('without f it is %s, exactly', async (_, plain, full) => {
    const [model, base] = [create(full), create(plain)];
    silence(model);
    // The layers draw their weights from one stream, in which f has its share: give both the same.
    const others = model.parameters().filter(({ name }) => !name.includes('.scores.'));
    for (const [i, { variable }] of base.parameters().entries()) {
      variable.assign(others[i]?.variable as tf.Tensor);
    }
    expect(await model.logits(tokens(2)).data()).toEqual(await base.logits(tokens(2)).data());
    model.dispose();
    base.dispose();
  });

  it('never lets later tokens change earlier logits', async () => {
    const processors: Processor[] = [
      cdapeKerple,
      (_, init) => cdape({ heads: 2, kernelSize: 5 }, init),
      (_, init) => cdape({ heads: 2, bias: alibi(2), prefixConsistent: true }, init),
      (_, init) => cdape({ heads: 2, kernelSize: 1, bias: fire({ heads: 2, threshold: 3 }, init) }, init),
    ];
    const first = (logits: tf.Tensor) => logits.slice([0, 0, 0], [B, 3, 11]).data();
    for (const process of processors) {
      const model = create(process);
      const [a, b] = [tokens(3), tokens(4)];
      const mixed = tf.concat([a.slice([0, 0], [B, 3]), b.slice([0, 3], [B, T - 3])], 1) as tf.Tensor2D;
      expect(await first(model.logits(mixed))).toEqual(await first(model.logits(a)));
      expect(await maxDifference(model.logits(mixed), model.logits(a))).toBeGreaterThan(1e-4);
      model.dispose();
    }
  });

  it('has the same logits in a prefix if it is prefix-consistent, and only then', async () => {
    for (const prefixConsistent of [true, false]) {
      const model = create((_, init) => cdape({ heads: 2, bias: alibi(2), prefixConsistent }, init));
      // Far from the small initial weights, so that attention matters.
      for (const { name, variable } of model.parameters()) {
        if (name.endsWith('weight')) tf.tidy(() => variable.assign(tf.mul(variable, 10)));
      }
      const whole = model.logits(tokens(5)).slice([0, 0, 0], [B, 4, 11]);
      const prefix = model.logits(tokens(5).slice([0, 0], [B, 4]));
      // Another length may be summed in another order.
      if (prefixConsistent) await expectAllClose(prefix, whole, tolerance(20));
      else expect(await maxDifference(prefix, whole)).toBeGreaterThan(1e-3);
      model.dispose();
    }
  });

  it.each<[string, Processor]>([
    ['CDAPE-Kerple', cdapeKerple],
    [
      'CDAPE-FIRE',
      (_, init) =>
        cdape({ heads: 2, width: 4, bias: fire({ heads: 2, width: 4, threshold: 3 }, init) }, init),
    ],
  ])('%s learns, eager and compiled alike, and leaves nothing behind', async (_, process) => {
    const train = async (compiled: boolean): Promise<number[]> => {
      const model = create(process);
      const optimizer = new AdamW({ learningRate: 0.01 });
      const variables = model.parameters().map(({ variable }) => variable);
      const plain = (x: tf.Tensor2D, y: tf.Tensor2D) =>
        optimizer.minimize(() => model.loss(x, y, { training: true }), true, variables) as tf.Scalar;
      const graph = compiled ? compile(plain) : undefined;
      const step = graph ?? plain;
      const [x, y] = [tokens(6), tokens(7)];
      const losses: number[] = [];
      for (let i = 0; i < 12; i++) {
        const loss = step(x, y);
        losses.push((await loss.data())[0] as number);
        loss.dispose();
      }
      graph?.dispose();
      optimizer.dispose();
      model.dispose();
      tf.dispose([x, y]);
      return losses;
    };
    let eager: number[] = [];
    await expectNoLeak(async () => {
      eager = await train(false);
    });
    expect(eager.at(-1)).toBeLessThan(0.9 * (eager[0] as number));
    if (!CAPTURES) return;
    await expectNoLeak(async () => {
      // The graph optimizer may reorder sums, and Adam's first steps have the size of the learning rate whatever the gradient.
      await expectAllClose(await train(true), eager, { rtol: 1e-4, atol: 1e-4 });
    });
  });

  it('trains f and Kerple: each parameter has a gradient', async () => {
    const model = create(cdapeKerple);
    const { grads } = tf.variableGrads(() => model.loss(tokens(8), tokens(9)));
    for (const { name, variable } of model.parameters()) {
      if (!name.includes('scores')) continue;
      const [largest] = await (grads[variable.name] as tf.Tensor).abs().max().data();
      expect(largest, name).toBeGreaterThan(0);
    }
    model.dispose();
  });
});
