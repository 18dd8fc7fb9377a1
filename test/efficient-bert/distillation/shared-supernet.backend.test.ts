import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Distillation,
  makeDistillationStep,
  SharedSupernet,
} from '../../../methods/efficient-bert/distillation/index.ts';
import {
  type Architecture,
  copyFromSupernet,
  EfficientBert,
  lostFirstStepSchedule,
  supernetOf,
} from '../../../methods/efficient-bert/index.ts';
import { Bert, type StoredModel } from '../../../src/bert/index.ts';
import { compile } from '../../../src/compile/index.ts';
import { UserError } from '../../../src/errors.ts';
import type { EncoderInputs } from '../../../src/nn/encoder/index.ts';
import { AdamW, noDecayOnVectors } from '../../../src/optimizers/index.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import { randomizeParameters } from '../../nn/weights.ts';
import { expectAllClose, tolerance } from '../../support/allclose.ts';
import { expectNoLeak } from '../../support/tensors.ts';
import { FOUND } from '../fixtures.ts';
import { goldenInputs, STUDENT } from '../golden-model.ts';

const TEACHER = { vocabulary: 20, positions: 16, width: 9, heads: 3, hidden: 18 };
const PLAIN = { dropout: 0, attentionDropout: 0 };
/** As in golden-model: six layers of up to four normalisations. */
const DEEP = tolerance(30);
/** The operations that were found, in other sizes. */
const OTHER = FOUND.map((text, i) =>
  text.replaceAll(
    /linear\d_\d/g,
    ['linear1_3', 'linear4_4', 'linear2_1', 'linear3_2', 'linear1_1', 'linear4_1'][i] as string,
  ),
);

const streams = () => new RandomStreams(4);
const build = (architecture: Architecture) => new EfficientBert({ ...architecture, ...PLAIN }, streams());

function shared(expressions: readonly string[] = FOUND): SharedSupernet {
  const supernet = build(supernetOf({ ...STUDENT, expressions }));
  randomizeParameters(supernet, 5, 0.2);
  return new SharedSupernet(supernet, expressions, streams());
}

async function copyOf(source: StoredModel, expressions: readonly string[]): Promise<EfficientBert> {
  const copy = build({ ...STUDENT, expressions });
  await copyFromSupernet(source, copy);
  return copy;
}

const inputs = goldenInputs();
afterAll(() => tf.dispose(Object.values(inputs)));

describe('a sub-network', () => {
  it('is the sliced copy, eager and captured, and another once another is chosen, by the same graph', async () => {
    const supernet = shared();
    let runs = 0;
    const encode = (given: EncoderInputs) => {
      runs++;
      return supernet.encoder.encode(given);
    };
    const captured = compile(encode);
    const recorded: number[] = [];
    for (const expressions of [FOUND, FOUND, OTHER, FOUND]) {
      supernet.choose(expressions);
      expect(supernet.chosen).toEqual(expressions);
      const copy = await copyOf(supernet, expressions);
      const expected = copy.encoder.encode(inputs);
      const eager = supernet.encoder.encode(inputs);
      await expectAllClose(eager, expected, DEEP);
      runs = 0;
      const replayed = captured(inputs);
      recorded.push(runs);
      await expectAllClose(replayed, expected, DEEP);
      tf.dispose([expected, eager, replayed]);
      copy.dispose();
    }
    if (tf.getBackend() === 'tensorflow') expect(recorded).toEqual([1, 1, 0, 0]);
    captured.dispose();
    supernet.dispose();
  });

  it('alone has gradients; the rest of the supernet has zeros', async () => {
    const supernet = shared();
    const { grads } = tf.variableGrads(() => supernet.encoder.encode(inputs).square().mean() as tf.Scalar);
    const gradientOf = async (name: string) => {
      const found = supernet.stored().find((tensor) => tensor.name === name);
      return Array.from(await (grads[found?.variable.name ?? ''] as tf.Tensor).data());
    };
    const isZero = (values: number[]) => values.every((value) => value === 0);
    // Layer 3 is linear1_2: 6 of 12 hidden units of the first network.
    const expand = await gradientOf('encoder.layer.2.ffn.0.intermediate.dense.weight'); // [H, F] in the variable
    const contract = await gradientOf('encoder.layer.2.ffn.0.output.dense.weight'); // [F, H]
    expect(isZero(expand.filter((_, i) => i % 12 < 6))).toBe(false);
    expect(isZero(expand.filter((_, i) => i % 12 >= 6))).toBe(true);
    expect(isZero(contract.slice(0, 72))).toBe(false);
    expect(isZero(contract.slice(72))).toBe(true);
    for (const part of ['intermediate.dense.weight', 'output.dense.bias', 'output.LayerNorm.weight'])
      expect(isZero(await gradientOf(`encoder.layer.2.ffn.1.${part}`)), part).toBe(true);
    tf.dispose(grads);
    supernet.dispose();
  });

  it('trains as its sliced copy does; what is cut off decays, as in the authors’ trace', async () => {
    const expressions = FOUND.slice(2, 4); // linear1_2 and linear2_2; two layers are recorded sooner than six
    const supernet = shared(expressions);
    const copy = await copyOf(supernet, expressions);
    const cutOff = supernet.stored().find(({ name }) => name === 'encoder.layer.0.ffn.0.output.dense.weight');
    const variable = cutOff?.variable as tf.Variable; // [F, H], of which six rows take part
    const values = Float32Array.from(await variable.data()).fill(-0.116, 72);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));

    const teacher = new Bert({ ...TEACHER, layers: 4 }, streams());
    randomizeParameters(teacher, 6);
    const packed = tf.concat2d([inputs.tokens, inputs.segments, inputs.padding], 1);
    const labels = tf.zeros<tf.Rank.R2>([2, 1], 'int32');
    const traces: number[][] = [];
    for (const student of [supernet, copy]) {
      const learningRate = lostFirstStepSchedule(1e-3, 2, 10);
      const optimizer = new AdamW({ learningRate, weightDecay: 0.01, decay: noDecayOnVectors });
      const distillation = new Distillation({
        teacher,
        student,
        losses: 'hidden',
        mode: 'faithful',
      });
      const step = makeDistillationStep({ distillation, optimizer });
      const trace: number[] = [];
      for (let i = 0; i < 6; i++) {
        const results = step(packed, labels);
        trace.push(
          (await results.loss.data())[0] as number,
          (await results.gradientNorm.data())[0] as number,
        );
        tf.dispose(results);
      }
      traces.push(trace);
      step.dispose();
      optimizer.dispose();
    }
    const [own, sliced] = traces as [number[], number[]];
    for (const [i, value] of own.entries()) // as golden traces: 10 times the losses' 2e-5
      expect(Math.abs(value / (sliced[i] as number) - 1)).toBeLessThan(
        tf.getBackend() === 'webgpu' ? 1e-3 : 2e-4,
      );
    // −0.116 · Π(1 − lr·0.01)
    for (const value of (await variable.data()).slice(72))
      expect(Math.abs(value + 0.11599565)).toBeLessThan(2e-8);
    tf.dispose([packed, labels]);
    for (const model of [supernet, copy, teacher]) model.dispose();
  });
});

describe('a shared supernet', () => {
  it('refuses what it does not hold', () => {
    const supernet = shared();
    expect(() => supernet.choose(FOUND.slice(1))).toThrow('has 6 layers, got 5');
    const operations = ['relu(linear1_1(gelu(linear1_1(x,wb1)),wb2))', ...FOUND.slice(1)];
    expect(() => supernet.choose(operations)).toThrow(
      'and cannot become relu(linear(gelu(linear(x,wb1)),wb2))',
    );
    const anonymous = [(FOUND[0] as string).replaceAll(/linear\d_\d/g, 'linear'), ...FOUND.slice(1)];
    expect(() => supernet.choose(anonymous)).toThrow('needs a size');
    expect(supernet.chosen).toEqual(FOUND);
    supernet.dispose();
    const small = build(STUDENT);
    expect(() => new SharedSupernet(small, OTHER, streams())).toThrow(UserError);
    small.dispose();
  });

  it('leaves nothing behind', async () => {
    await expectNoLeak(() => {
      const supernet = shared();
      supernet.choose(OTHER);
      supernet.encoder.encode(inputs, { training: true }).dispose();
      supernet.dispose();
    });
  });
});
