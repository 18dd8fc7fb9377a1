import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  attentionLoss,
  DISTILLATION_MODES,
  type DistillationMode,
  hiddenLoss,
  predictionLoss,
} from '../../../methods/efficient-bert/distillation/index.ts';
import { normalMatrix } from '../../nn/weights.ts';
import { predictionLossOf } from '../../oracle/efficient-bert/distillation.ts';
import { expectAllClose } from '../../support/allclose.ts';
import { expectGradientsMatch, expectNoLeak } from '../../support/tensors.ts';

const PADDINGS = [
  [0, 0, 1],
  [0, 0, 0],
];
const padding = () => tf.tensor2d(PADDINGS, [2, 3], 'int32');
const random = (seed: number, shape: number[]) => normalMatrix(seed, shape).tensor;
const MODES: readonly DistillationMode[] = ['faithful', 'mended'];

describe.each(MODES)('%s', (mode) => {
  const manner = DISTILLATION_MODES[mode];

  it('losses on scores and hidden states, by hand', async () => {
    const mask = padding();
    // One head, two sequences; all differences are 1 but for the second position of the first sequence, with 3.
    const shape: [number, number, number, number] = [2, 1, 3, 3];
    const teacher = tf.ones<tf.Rank.R4>(shape);
    const student = tf.tensor4d([0, 0, 0, -2, -2, -2, 0, 0, 0, ...new Array<number>(9).fill(0)], shape);
    const attention = attentionLoss([student, student], [teacher, teacher], mask, manner);
    // all: (15·1 + 3·9)/18; tokens: 4 pairs of the first with (2·1 + 2·9), 9 of the second
    await expectAllClose(attention, 2 * (mode === 'faithful' ? 42 / 18 : 29 / 13));
    const own = tf.tensor3d([0, 0, -2, -2, 0, 0, ...new Array<number>(6).fill(0)], [2, 3, 2]);
    const taught = tf.ones<tf.Rank.R3>([2, 3, 2]);
    const hidden = hiddenLoss([own], [taught], mask, manner);
    // all: (5·1 + 9)/6; tokens: (1 + 9 + 3)/5
    await expectAllClose(hidden, mode === 'faithful' ? 14 / 6 : 13 / 5);
    tf.dispose([mask, teacher, student, attention, own, taught, hidden]);
  });

  it.each(['classes', 'score', 'span'] as const)(
    'loss on predictions equals the oracle: %s',
    async (kind) => {
      const width = { classes: 4, score: 1, span: 6 }[kind];
      const [own, taught] = [normalMatrix(1, [2, width], 2), normalMatrix(2, [2, width], 2)];
      const labels = tf.tensor2d([[0.5], [2]]);
      const mask = padding();
      for (const temperature of [1, 3]) {
        const settings = { kind, mode, temperature, labels: [0.5, 2] };
        const each = own.rows.map((z, b) =>
          predictionLossOf(z, taught.rows[b] as number[], b, PADDINGS, settings),
        );
        const predictions = {
          student: own.tensor as tf.Tensor2D,
          teacher: taught.tensor as tf.Tensor2D,
          labels,
          padding: mask,
        };
        const before = tf.memory().numTensors;
        const loss = predictionLoss(kind, predictions, { temperature, manner });
        expect(tf.memory().numTensors).toBe(before + 1);
        await expectAllClose(loss, (each as [number, number]).reduce((a, b) => a + b) / 2);
        loss.dispose();
      }
      tf.dispose([own.tensor, taught.tensor, labels, mask]);
    },
  );

  it('gradients equal finite differences', async () => {
    const [mask, scores, states] = [padding(), random(3, [2, 2, 3, 3]), random(4, [2, 3, 5])];
    const taughtScores = random(5, [2, 2, 3, 3]) as tf.Tensor4D;
    const taughtStates = random(6, [2, 3, 5]) as tf.Tensor3D;
    await expectGradientsMatch(
      (x) => attentionLoss([x as tf.Tensor4D], [taughtScores], mask, manner),
      [scores],
    );
    await expectGradientsMatch((x) => hiddenLoss([x as tf.Tensor3D], [taughtStates], mask, manner), [states]);
    const labels = tf.tensor2d([[0.5], [2]]);
    for (const [kind, width] of [
      ['classes', 4],
      ['score', 1],
      ['span', 6],
    ] as const) {
      const [own, teacher] = [random(7, [2, width]), random(8, [2, width]) as tf.Tensor2D];
      await expectGradientsMatch(
        (x) =>
          predictionLoss(
            kind,
            { student: x as tf.Tensor2D, teacher, labels, padding: mask },
            { temperature: 2, manner },
          ),
        [own],
      );
      tf.dispose([own, teacher]);
    }
    tf.dispose([mask, scores, states, taughtScores, taughtStates, labels]);
  });

  it('leave nothing behind', async () => {
    const [mask, scores, states] = [
      padding(),
      random(3, [2, 2, 3, 3]) as tf.Tensor4D,
      random(4, [2, 3, 5]) as tf.Tensor3D,
    ];
    await expectNoLeak(() => {
      attentionLoss([scores, scores], [scores, scores], mask, manner).dispose();
      hiddenLoss([states, states], [states, states], mask, manner).dispose();
    });
    tf.dispose([mask, scores, states]);
  });
});

describe('quirks', () => {
  const { faithful, mended } = DISTILLATION_MODES;
  const none = () => tf.zeros<tf.Rank.R2>([1, 2], 'int32');
  const one = (value: number) => tf.fill<tf.Rank.R4>([1, 1, 2, 2], value);

  it('a genuine score of −100 or less counts as 0 in faithful mode', async () => {
    const [mask, low, high] = [none(), one(-150), one(10)];
    await expectAllClose(attentionLoss([low], [high], mask, faithful), 100);
    await expectAllClose(attentionLoss([low], [high], mask, mended), 160 ** 2);
  });

  it('more padding dilutes the losses in faithful mode alone', async () => {
    for (const [manner, ratio] of [
      [faithful, 0.5],
      [mended, 1],
    ] as const) {
      const lengths = [2, 4].map((length) => {
        const own = tf.zeros<tf.Rank.R3>([1, length, 3]);
        const taught = tf.tensor3d([
          [...new Array(2).fill([1, 1, 1]), ...new Array(length - 2).fill([0, 0, 0])],
        ]);
        const mask = tf.tensor2d([[0, 0, ...new Array<number>(length - 2).fill(1)]]);
        return hiddenLoss([own], [taught], mask, manner);
      });
      const [short, long] = await Promise.all(lengths.map(async (loss) => (await loss.data())[0] as number));
      expect((long as number) / (short as number)).toBeCloseTo(ratio, 6);
    }
  });

  it('the first position of a span learns nothing in faithful mode, though it means that there is no answer', async () => {
    const mask = tf.tensor2d([[0, 0, 1]]);
    const labels = tf.zeros<tf.Rank.R2>([1, 2]);
    const [student, teacher] = [random(1, [1, 6]), random(2, [1, 6]) as tf.Tensor2D];
    for (const manner of [faithful, mended]) {
      const gradient = tf.grad((x) =>
        predictionLoss('span', { student: x as tf.Tensor2D, teacher, labels, padding: mask }, { manner }),
      )(student);
      const values = Array.from(await gradient.data());
      expect([values[0] === 0, values[3] === 0]).toEqual(manner === faithful ? [true, true] : [false, false]);
      expect([values[2], values[5]].map((value) => Math.abs(value as number))).toEqual([0, 0]); // padding
    }
  });
});
