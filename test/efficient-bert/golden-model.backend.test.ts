import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { SequenceClassifier, SequenceRegressor } from '../../src/bert/index.ts';
import { compile } from '../../src/compile/index.ts';
import type { EncoderInputs } from '../../src/nn/encoder/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { MODES } from '../support/modes.ts';
import { expectNoLeak } from '../support/tensors.ts';
import golden from './golden-model.json' with { type: 'json' };
import {
  type GoldenModel,
  type GoldenTask,
  goldenInputs,
  goldenStudent,
  goldenTeacher,
} from './golden-model.ts';

const TASKS: readonly GoldenTask[] = ['mnli', 'sts-b', 'squad'];

/** Six layers of up to five normalisations each, or twelve of two, in a row. */
const DEEP = tolerance(30);
/** Beside −10,000 float32 has steps of 0.001. */
const SCORES = { rtol: 1e-5, atol: 1e-3 };

/** The logits of any head as one tensor: [B, C], [B], or [2, B, T]. */
function logitsOf(model: GoldenModel, inputs: EncoderInputs): tf.Tensor {
  if (model instanceof SequenceClassifier) return model.logits(inputs);
  if (model instanceof SequenceRegressor) return model.values(inputs);
  return tf.tidy(() => {
    const { start, end } = model.logits(inputs);
    return tf.stack([start, end]);
  });
}

describe.each(MODES)('the golden tiny models, %s', (how) => {
  /** The same several times, so that a captured graph itself runs. */
  async function run(
    fn: (inputs: EncoderInputs) => tf.Tensor[],
    check: (outputs: tf.Tensor[]) => Promise<void>,
  ) {
    const step = how === 'captured' ? compile(fn) : Object.assign(fn, { dispose() {} });
    const inputs = goldenInputs();
    for (let call = 0; call < (how === 'captured' ? 4 : 1); call++) {
      const outputs = step(inputs);
      await check(outputs);
      tf.dispose(outputs);
    }
    step.dispose();
    tf.dispose(Object.values(inputs));
  }

  it.each(TASKS)('golden check 15: student, %s', async (task) => {
    const model = await goldenStudent(task);
    await run(
      (inputs) => [logitsOf(model, inputs)],
      ([logits]) => expectAllClose(logits as tf.Tensor, golden[task].student, DEEP),
    );
    model.dispose();
  });

  it.each(TASKS.flatMap((task) => (['Bert', 'EfficientBert'] as const).map((kind) => [task, kind] as const)))(
    'golden check 15: teacher, %s, as %s',
    async (task, kind) => {
      const model = goldenTeacher(task, kind);
      await run(
        (inputs) => [logitsOf(model, inputs)],
        ([logits]) => expectAllClose(logits as tf.Tensor, golden[task].teacher, DEEP),
      );
      model.dispose();
    },
  );

  it('golden checks 13 and 14: what the student hands to distillation: scores, and hidden states fitted to the teacher', async () => {
    const model = await goldenStudent('mnli');
    const { encoder, fit } = model.base;
    await run(
      (inputs) => {
        const { hidden, scores } = encoder.trace(inputs);
        const fitted = tf.tidy(() => tf.stack(hidden.map((state) => fit?.apply(state) as tf.Tensor)));
        const [embedding, ...others] = hidden as [tf.Tensor, ...tf.Tensor[]];
        tf.dispose(others);
        return [embedding, fitted, ...scores];
      },
      async ([embedding, fitted, ...scores]) => {
        await expectAllClose(embedding as tf.Tensor, golden.embedding, DEEP);
        await expectAllClose(fitted as tf.Tensor, golden.hidden, DEEP);
        expect(scores.map(({ shape }) => shape)).toEqual(new Array(6).fill([2, 3, 8, 8]));
        await expectAllClose(scores[0] as tf.Tensor, golden.scores, SCORES);
      },
    );
    model.dispose();
  });

  it('golden check 14: the hidden states of the teacher', async () => {
    const model = goldenTeacher('mnli', 'Bert');
    await run(
      (inputs) => {
        const { hidden, scores } = model.base.encoder.trace(inputs);
        tf.dispose([...scores]);
        return [...hidden];
      },
      async (hidden) => {
        for (const [level, state] of hidden.entries()) {
          const sum = Array.from(await state.data()).reduce((total, value) => total + value, 0);
          // A sum of 144 numbers near 1, which nearly cancel.
          expect(Math.abs(sum - (golden.teacherHiddenSums[level] as number))).toBeLessThan(144 * DEEP.atol);
        }
      },
    );
    model.dispose();
  });
});

it('has as many weights as the authors’ models, less what no layer uses', async () => {
  const student = await goldenStudent('mnli');
  // By the formulas: embedding 80 + 24 + 192 + 156 + 24, fit 117, attention 6·648, networks, head.
  const networks = [4 * (2 * 72 + 6 + 36), 2 * (2 * 144 + 12 + 36), 186, 2 * 186, 186, 2 * (2 * 48 + 4 + 36)];
  expect(countParameters(student)).toBe(476 + 117 + 6 * 648 + networks.reduce((a, b) => a + b) + 156 + 39);
  student.dispose();
});

it('leaves nothing behind: models, traces, logits', async () => {
  const inputs = goldenInputs();
  await expectNoLeak(async () => {
    const model = await goldenStudent('squad');
    logitsOf(model, inputs).dispose();
    const { hidden, scores } = model.base.encoder.trace(inputs);
    tf.dispose([...hidden, ...scores]);
    model.dispose();
  });
  tf.dispose(Object.values(inputs));
});
