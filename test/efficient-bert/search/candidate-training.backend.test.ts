import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  DISTILLATION_SETTINGS,
  lostFirstStepSchedule,
  SHARED_CANDIDATES,
  softCrossEntropy,
  TRAINED_CANDIDATES,
} from '../../../methods/efficient-bert/search/index.ts';

describe('softCrossEntropy', () => {
  it.each([
    [1, 0.49248138],
    [2, 0.39665517],
  ])('at temperature %i is the authors’', async (temperature, expected) => {
    const [student, teacher] = [
      tf.tensor2d([
        [1, 2, 3],
        [0.5, -1, 0],
      ]),
      tf.tensor2d([
        [2, 0, 1],
        [0, 0, 3],
      ]),
    ];
    const before = tf.memory().numTensors;
    const loss = softCrossEntropy(student, teacher, temperature);
    expect(tf.memory().numTensors).toBe(before + 1);
    // float32 sums of six numbers near 1, given to eight places
    expect(Math.abs(((await loss.data())[0] as number) - expected)).toBeLessThan(1e-6);
    tf.dispose([student, teacher, loss]);
  });

  it('is least where the student agrees, and then the teacher’s entropy over C', async () => {
    const teacher = tf.tensor2d([[0, Math.log(3)]]);
    const student = tf.tensor2d([[1, 1 + Math.log(3)]]); // another tensor of the same probabilities
    const gradient = tf.grad((z) => softCrossEntropy(z as tf.Tensor2D, teacher))(student);
    for (const value of await gradient.data()) expect(Math.abs(value)).toBeLessThan(1e-6); // rounding
    const loss = softCrossEntropy(student, teacher);
    const entropy = -(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75));
    expect(Math.abs(((await loss.data())[0] as number) - entropy / 2)).toBeLessThan(1e-6);
    tf.dispose([student, teacher, gradient, loss]);
  });
});

describe('the schedule', () => {
  it('loses its first step', () => {
    const schedule = lostFirstStepSchedule(1, 10, 100);
    const rates = [0, 5, 10, 11, 55, 99, 100].map(schedule);
    const expected = [0, 0.5, 1, 0.98888889, 0.5, 0.01111111, 0];
    rates.forEach((rate, i) => {
      expect(rate).toBeCloseTo(expected[i] as number, 8);
    });
    const trace = lostFirstStepSchedule(1e-3, 2, 10);
    [0, 0.0005, 0.001, 0.000875, 0.00075, 0.000625].forEach((rate, step) => {
      expect(trace(step)).toBeCloseTo(rate, 12);
    });
    expect(lostFirstStepSchedule(1, 0, 10)(0)).toBe(1);
  });
});

describe('the authors’ way to a score', () => {
  it('has the published numbers', () => {
    const phases = [...TRAINED_CANDIDATES.phases, ...SHARED_CANDIDATES.phases];
    const numbers = phases.map(({ share, epochs, peakLearningRate, batchSize }) => [
      share,
      epochs,
      peakLearningRate,
      batchSize,
    ]);
    expect(numbers).toEqual([
      [0.02, 1, 1e-4, 128],
      [0.1, 3, 4e-4, 128],
      [1, 10, 1e-4, 128],
      [0.9, 10, 4e-4, 128],
    ]);
    expect([TRAINED_CANDIDATES.validationShare, SHARED_CANDIDATES.validationShare]).toEqual([0.01, 0.1]);
    expect(DISTILLATION_SETTINGS).toMatchObject({ temperature: 1, warmupShare: 0.1, weightDecay: 0.01 });
  });
});
