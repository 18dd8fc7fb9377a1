import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  Distillation,
  type DistillationMode,
  distillationOptimizer,
  distillationSchedule,
  makeDistillationStep,
} from '../../../methods/efficient-bert/distillation/index.ts';
import { EfficientBert } from '../../../methods/efficient-bert/index.ts';
import {
  Bert,
  type EncoderModel,
  SequenceClassifier,
  SequenceRegressor,
  SpanExtractor,
} from '../../../src/bert/index.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import { randomizeParameters, readWeights } from '../../nn/weights.ts';
import {
  distillationLosses,
  type LossSettings,
  ScheduledAdamW,
  type StudentWeights,
  studentTrace,
  type Trace,
} from '../../oracle/efficient-bert/distillation.ts';
import {
  attentionScores,
  type EncoderWeights,
  encoder,
  type LinearWeights,
} from '../../oracle/nn/encoder.ts';
import { linear, type Matrix } from '../../oracle/nn/functions.ts';
import { clipByGlobalNorm } from '../../oracle/training/clip.ts';

const SEQUENCES = [
  { tokens: [2, 5, 3, 6, 0], segments: [0, 0, 0, 1, 0], padding: [0, 0, 0, 0, 1] },
  { tokens: [2, 4, 7, 3, 5], segments: [0, 0, 1, 1, 1], padding: [0, 0, 0, 0, 0] },
];
const PADDINGS = SEQUENCES.map(({ padding }) => padding);
const LABELS = [1, 0];
const SHARED = {
  vocabulary: 8,
  positions: 6,
  segments: 2,
  heads: 2,
  epsilon: 1e-5,
  dropout: 0,
  attentionDropout: 0,
};
const LAYERS = [{ text: 'linear2_2(sigmoid(mul(linear2_2(x,wb1),x)),wb2)', k: 2, e: 2 }];
const STEPS = 10;
const PEAK = 0.01;
/** Central differences of the oracle: rounding 1e-16/h and truncation h² cost about 1e-10 of the loss. */
const H = 1e-5;
/** Relative. Ten steps of AdamW, whose quotients g/√v blow up what rounding does to small gradients. */
const TRACE = tf.getBackend() === 'webgpu' ? 1e-3 : 2e-4;

function headed(kind: LossSettings['kind'], base: EncoderModel, streams: RandomStreams) {
  if (kind === 'classes') return new SequenceClassifier(base, ['a', 'b', 'c'], streams);
  return kind === 'score' ? new SequenceRegressor(base, streams) : new SpanExtractor(base, streams);
}

function models(kind: LossSettings['kind']) {
  const streams = new RandomStreams(1);
  const shape = {
    ...SHARED,
    width: 4,
    hidden: 4,
    embeddingWidth: 2,
    fitWidth: 6,
    expressions: LAYERS.map(({ text }) => text),
  };
  const student = headed(kind, new EfficientBert(shape, streams), streams);
  const teacher = headed(kind, new Bert({ ...SHARED, width: 6, hidden: 8, layers: 2 }, streams), streams);
  randomizeParameters(student, 2);
  randomizeParameters(teacher, 3);
  return { student, teacher, streams };
}

/** The second of the teacher's two layers, and the levels before the first and after it. */
async function lessons(teacher: ReturnType<typeof models>['teacher']): Promise<Trace[]> {
  type Weights = Omit<StudentWeights, 'base'> & { base: { encoder: EncoderWeights } };
  const { base, pooler, classifier, outputs } = await readWeights<Weights>(teacher);
  return SEQUENCES.map((sequence) => {
    const levels = encoder(sequence, base.encoder, { heads: 2, epsilon: 1e-5 });
    const last = levels.at(-1) as Matrix;
    const scoresOf = (layer: number) =>
      attentionScores(
        levels[layer] as Matrix,
        base.encoder.blocks[layer]?.attention.queryKeyValue as LinearWeights,
        2,
        sequence.padding,
      );
    const apply = ({ weight, bias }: LinearWeights, x: Matrix) => linear(x, weight, bias);
    const spans = () => {
      const both = apply(outputs, last);
      return [0, 1].flatMap((column) => both.map((values) => values[column] as number));
    };
    const pooled = () => apply(pooler.dense, [last[0] as number[]]).map((values) => values.map(Math.tanh));
    return {
      hidden: [levels[0] as Matrix, last],
      scores: [scoresOf(1)],
      predictions: outputs ? spans() : (apply(classifier, pooled())[0] as number[]),
    };
  });
}

interface Leaf {
  readonly name: string;
  readonly values: number[];
  readonly matrix: boolean;
}

/** All rows of all weights, to be changed in place. */
function leavesOf(node: unknown, name = '', matrix = false): Leaf[] {
  if (!Array.isArray(node))
    return Object.entries(node as object).flatMap(([key, value]) => leavesOf(value, `${name}.${key}`));
  if (typeof node[0] === 'number') return [{ name, values: node, matrix }];
  const rows = Array.isArray(node[0]);
  return node.flatMap((value, i) => leavesOf(value, `${name}.${i}`, rows));
}

/** Losses and gradient norms by the oracle, and the weights at the end. */
function oracleTrace(
  weights: StudentWeights,
  taught: readonly Trace[],
  settings: LossSettings,
  rates: readonly number[],
) {
  const leaves = leavesOf(weights);
  const loss = () => {
    const own = SEQUENCES.map((sequence) => studentTrace(sequence, weights, { heads: 2, layers: LAYERS }));
    return distillationLosses(own, taught, PADDINGS, settings).total;
  };
  const optimizers = leaves.map(({ values, matrix }) => new ScheduledAdamW(values, matrix ? 0.01 : 0));
  const losses: number[] = [];
  const norms: number[] = [];
  for (const rate of rates) {
    losses.push(loss());
    const gradients = leaves.map(({ name, values }) =>
      values.map((value, i) => {
        if (/\.tokens\.weight\.0$/.test(name)) return 0; // of the padding token
        values[i] = value + H;
        const above = loss();
        values[i] = value - H;
        const below = loss();
        values[i] = value;
        return (above - below) / (2 * H);
      }),
    );
    const { norm, gradients: clipped } = clipByGlobalNorm(gradients, 1);
    norms.push(norm);
    for (const [n, optimizer] of optimizers.entries()) optimizer.step(clipped[n] as number[], rate);
  }
  return { losses, norms };
}

const read = async (scalar: tf.Scalar) => (await scalar.data())[0] as number;

describe('ten steps of distillation equal the float64 oracle', () => {
  it.each([
    ['classes', 'mended', 2],
    ['score', 'mended', 1],
    ['span', 'faithful', 1],
  ] as const)('%s, %s, τ = %i', async (kind, mode: DistillationMode, temperature) => {
    const { student, teacher } = models(kind);
    const options = { peakLearningRate: PEAK, steps: 20, mode };
    const rates = Array.from({ length: STEPS }, (_, step) => distillationSchedule(options)(step));
    const expected = oracleTrace(
      await readWeights<StudentWeights>(student),
      await lessons(teacher),
      { kind, mode, temperature, labels: LABELS },
      rates,
    );
    const distillation = new Distillation({
      teacher,
      student,
      losses: 'hidden and predictions',
      mode,
      temperature,
    });
    const optimizer = distillationOptimizer(options);
    const step = makeDistillationStep({ distillation, optimizer });
    const parts = ['tokens', 'segments', 'padding'] as const;
    const inputs = tf.tensor2d(
      SEQUENCES.map((sequence) => parts.flatMap((part) => sequence[part])),
      [2, 15],
      'int32',
    );
    const labels = tf.tensor2d(LABELS, [2, 1], kind === 'score' ? 'float32' : 'int32');
    for (let i = 0; i < STEPS; i++) {
      const before = tf.memory().numTensors;
      const { loss, gradientNorm, ...rest } = step(inputs, labels);
      if (i > 1) expect(tf.memory().numTensors).toBe(before + 5);
      const [found, norm] = [await read(loss), await read(gradientNorm)];
      const near = (actual: number, wanted: number) => Math.abs(actual / wanted - 1);
      expect(near(found, expected.losses[i] as number), `loss ${found} of step ${i}`).toBeLessThan(TRACE);
      expect(near(norm, expected.norms[i] as number), `norm ${norm} of step ${i}`).toBeLessThan(5 * TRACE);
      tf.dispose([loss, gradientNorm, ...Object.values(rest)]);
    }
    expect(expected.losses.at(-1)).toBeLessThan(expected.losses[0] as number);
    step.dispose();
    tf.dispose([inputs, labels]);
    optimizer.dispose();
    student.dispose();
    teacher.dispose();
  });
});
