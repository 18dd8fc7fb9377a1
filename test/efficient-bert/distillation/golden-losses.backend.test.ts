import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  attentionLoss,
  DISTILLATION_MODES,
  Distillation,
  makeDistillationStep,
} from '../../../methods/efficient-bert/distillation/index.ts';
import {
  copyFromSupernet,
  EfficientBert,
  lostFirstStepSchedule,
} from '../../../methods/efficient-bert/index.ts';
import { SequenceClassifier, SequenceRegressor, SpanExtractor } from '../../../src/bert/index.ts';
import { compile } from '../../../src/compile/index.ts';
import { AdamW, noDecayOnVectors } from '../../../src/optimizers/index.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import { MODES } from '../../support/modes.ts';
import { expectNoLeak } from '../../support/tensors.ts';
import {
  type GoldenModel,
  type GoldenTask,
  goldenInputs,
  goldenStudent,
  goldenTeacher,
  STUDENT,
} from '../golden-model.ts';
import golden from './golden-losses.json' with { type: 'json' };

const TASKS: readonly GoldenTask[] = ['mnli', 'sts-b', 'squad'];

/** Relative. Losses are means of squares of differences of states that are exact to about 1e-5 (see golden-model). */
const LOSS = tf.getBackend() === 'webgpu' ? 1e-4 : 2e-5;
/** Gradients go back through the same depth; six steps of AdamW divide by their roots. */
const TRACE = 10 * LOSS;

function packed(): { inputs: tf.Tensor2D; labels: (task: GoldenTask) => tf.Tensor2D } {
  const { tokens, segments, padding } = goldenInputs();
  const inputs = tf.concat2d([tokens, segments, padding], 1);
  tf.dispose([tokens, segments, padding]);
  const scores = () => tf.tensor2d([[1.5], [4]]);
  return { inputs, labels: (task) => (task === 'sts-b' ? scores() : tf.zeros([2, 1], 'int32')) };
}

const read = async (scalar: tf.Scalar) => (await scalar.data())[0] as number;

function expectNear(actual: number, expected: number, relative: number, what: string): void {
  expect(Math.abs(actual - expected) / Math.abs(expected), `${what}: ${actual} for ${expected}`).toBeLessThan(
    relative,
  );
}

async function withoutDropout(task: GoldenTask): Promise<GoldenModel> {
  const streams = new RandomStreams(1);
  const model = await goldenStudent(task);
  const encoder = new EfficientBert({ ...STUDENT, dropout: 0, attentionDropout: 0 }, streams);
  const copy =
    task === 'squad'
      ? new SpanExtractor(encoder, streams)
      : task === 'sts-b'
        ? new SequenceRegressor(encoder, streams)
        : new SequenceClassifier(encoder, ['contradiction', 'entailment', 'neutral'], streams);
  await copyFromSupernet(model, copy);
  model.dispose();
  return copy;
}

async function distillationOf(task: GoldenTask, kind: 'Bert' | 'EfficientBert' = 'Bert') {
  const student = await withoutDropout(task);
  const teacher = goldenTeacher(task, kind);
  const distillation = new Distillation({
    teacher,
    student,
    losses: 'hidden and predictions',
    mode: 'faithful',
  });
  return { student, teacher, distillation };
}

describe.each(MODES)('the golden losses, %s', (how) => {
  it.each(TASKS)('%s', async (task) => {
    const { student, teacher, distillation } = await distillationOf(task);
    expect(distillation.layers).toEqual([1, 3, 5, 7, 9, 11]);
    const fn = (inputs: tf.Tensor2D, labels: tf.Tensor2D) =>
      tf.tidy(() => distillation.losses(inputs, labels, distillation.teach(inputs), { training: false }));
    const losses = how === 'captured' ? compile(fn) : Object.assign(fn, { dispose() {} });
    const { inputs, labels } = packed();
    const targets = labels(task);
    for (let call = 0; call < (how === 'captured' ? 3 : 1); call++) {
      const found = losses(inputs, targets);
      for (const part of ['attention', 'hidden', 'prediction', 'total'] as const)
        expectNear(await read(found[part]), golden[task][part], LOSS, part);
      tf.dispose(found);
    }
    losses.dispose();
    tf.dispose([inputs, targets]);
    student.dispose();
    teacher.dispose();
  });

  it('on scores and hidden states alone are their sum', async () => {
    const student = await goldenStudent('mnli');
    const teacher = goldenTeacher('mnli', 'EfficientBert');
    const distillation = new Distillation({
      teacher: teacher.base,
      student: student.base,
      losses: 'hidden',
      mode: 'faithful',
    });
    const { inputs, labels } = packed();
    const none = labels('mnli');
    const fn = (x: tf.Tensor2D, y: tf.Tensor2D) => distillation.loss(x, y, { training: false });
    const loss = how === 'captured' ? compile(fn) : fn;
    const total = loss(inputs, none);
    expectNear(await read(total), 11.35486139, LOSS, 'L_attn + L_hidd');
    tf.dispose([inputs, none, total]);
    student.dispose();
    teacher.dispose();
  });
});

describe('the golden training traces', () => {
  it.each(TASKS)('%s', async (task) => {
    const { student, teacher, distillation } = await distillationOf(task);
    const optimizer = new AdamW({
      learningRate: lostFirstStepSchedule(1e-3, 2, 10),
      weightDecay: 0.01,
      decay: noDecayOnVectors,
    });
    const step = makeDistillationStep({ distillation, optimizer });
    const { inputs, labels } = packed();
    const targets = labels(task);
    for (const [i, expected] of golden[task].losses.entries()) {
      const { loss, gradientNorm, ...parts } = step(inputs, targets);
      expectNear(await read(loss), expected, TRACE, `loss of step ${i}`);
      expectNear(
        await read(gradientNorm),
        golden[task].gradientNorms[i] as number,
        TRACE,
        `norm of step ${i}`,
      );
      tf.dispose([loss, gradientNorm, ...Object.values(parts)]);
    }
    step.dispose();
    tf.dispose([inputs, targets]);
    optimizer.dispose();
    student.dispose();
    teacher.dispose();
  });
});

describe('scores of padding', () => {
  it('do not count, whatever they are, in either mode', async () => {
    const { faithful, mended } = DISTILLATION_MODES;
    const student = await goldenStudent('mnli');
    const teacher = goldenTeacher('mnli', 'Bert');
    const { tokens, segments, padding } = goldenInputs();
    const own = student.base.encoder.trace({ tokens, segments, padding });
    const taught = teacher.base.encoder.trace({ tokens, segments, padding });
    const lessons = [1, 3, 5, 7, 9, 11].map((layer) => taught.scores[layer] as tf.Tensor4D);
    // 1,234 less at the two keys of the first sequence that are padding
    const changed = own.scores.map((scores) =>
      tf.tidy(() => tf.sub(scores, tf.mul(padding.reshape([2, 1, 1, 8]), 1234)) as tf.Tensor4D),
    );
    for (const manner of [faithful, mended]) {
      const before = attentionLoss(own.scores, lessons, padding, manner);
      const after = attentionLoss(changed, lessons, padding, manner);
      expect(await read(after)).toBe(await read(before));
      if (manner === faithful) expectNear(await read(before), 0.86708604, LOSS, 'L_attn');
      tf.dispose([before, after]);
    }
    tf.dispose([
      tokens,
      segments,
      padding,
      ...own.hidden,
      ...own.scores,
      ...taught.hidden,
      ...taught.scores,
      ...changed,
    ]);
    student.dispose();
    teacher.dispose();
  });
});

it('leaves nothing behind', async () => {
  const { inputs, labels } = packed();
  const targets = labels('squad');
  const { student, teacher, distillation } = await distillationOf('squad');
  await expectNoLeak(() => {
    const { hidden, scores, predictions } = distillation.teach(inputs);
    const lesson = { hidden, scores, predictions };
    tf.dispose(distillation.losses(inputs, targets, lesson, { training: true }));
    tf.dispose([...hidden, ...scores, predictions as tf.Tensor]);
    distillation.loss(inputs, targets, { training: true }).dispose();
  });
  tf.dispose([inputs, targets]);
  student.dispose();
  teacher.dispose();
});
