import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainingCell } from '../../../benchmarks/came-training/cells.ts';
import { contestantNames, contestantSettings } from '../../../benchmarks/came-training/contestants.ts';
import { loadCorpus } from '../../../benchmarks/came-training/corpus.ts';
import { type TaskConfig, tasks } from '../../../benchmarks/came-training/task.ts';
import { type Training, trainCell } from '../../../benchmarks/came-training/train-cell.ts';
import { type Backend, useBackend } from '../../../src/backends/index.ts';
import { Interrupted } from '../../../src/experiment/experiment.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
const task: TaskConfig = {
  ...tasks.smoke,
  width: 8,
  context: 8,
  steps: 6,
  evaluations: 3,
  validationWindows: 4,
  storyCharacters: 5000,
};
const corpus = loadCorpus(task, undefined);

let backend: Backend;
beforeAll(async () => {
  backend = await useBackend('js');
});

/** Trains one cell; stops once so many steps are done. */
function train(changes: Partial<Training>, where: string, stopAfter = Number.POSITIVE_INFINITY, seed = 0) {
  const stop = new AbortController();
  const training = {
    title: 'a cell',
    task,
    optimizer: 'adamw' as const,
    settings: contestantSettings,
    ...changes,
  };
  const [rate = 0] = training.settings[training.optimizer].learningRates;
  const nothing = () => {};
  const progress = {
    note: nothing,
    warn: nothing,
    expect: nothing,
    finish: nothing,
    advance: ({ step = 0 }) => {
      if (step >= stopAfter) stop.abort();
    },
  };
  const cell = trainingCell(undefined, training.optimizer, rate, seed);
  mkdirSync(where, { recursive: true });
  return trainCell(cell, training, where, { corpus, backend, progress, signal: stop.signal });
}

const timeless = ({ stepsPerSecond: _, ...rest }: Awaited<ReturnType<typeof trainCell>>) => rest;

describe('trainCell', () => {
  it.each(contestantNames)(
    '%s: continued after a stop gives the same bits, and leaves no tensor',
    async (name) => {
      const where = folder();
      const before = tf.memory().numTensors;
      const whole = await train({ optimizer: name }, join(where, 'whole'));
      expect(tf.memory().numTensors).toBe(before);
      await expect(train({ optimizer: name }, join(where, 'parts'), 3)).rejects.toThrow(Interrupted);
      const continued = await train({ optimizer: name }, join(where, 'parts'));
      expect(tf.memory().numTensors).toBe(before);
      expect(timeless(continued)).toEqual(timeless(whole));
      expect(whole).toMatchObject({ diverged: null, curve: [{ step: 2 }, { step: 4 }, { step: 6 }] });
      expect(whole.stateBytes).toBeGreaterThan(0);
      expect(whole.curve.every(({ validation }) => validation > 0 && validation < 5)).toBe(true);
      // It trained: the loss is not that of the beginning.
      expect(whole.curve.at(-1)?.validation).not.toBe(whole.curve[0]?.validation);
    },
  );

  it('gives all contestants the same weights and batches: before the first update they have the same loss', async () => {
    const one = { ...task, steps: 1, evaluations: 1 };
    const losses = async (model: string, seed: number) => {
      const all = contestantNames.map((name) =>
        train({ task: { ...one, model }, optimizer: name }, join(folder(), name), undefined, seed),
      );
      return Promise.all(all.map(async (result) => (await result).curve[0]?.loss));
    };
    for (const model of ['lm', 'bert']) {
      const [first, second] = [await losses(model, 0), await losses(model, 1)];
      expect(new Set(first).size, model).toBe(1);
      expect(new Set(second).size, model).toBe(1);
      expect(first[0]).not.toBe(second[0]);
    }
  });

  it('masks for evaluation alike for all', async () => {
    // A rate of nearly nothing: the model stays what it was, and with it the validation loss.
    const settings = {
      ...contestantSettings,
      adamw: { ...contestantSettings.adamw, learningRates: [1e-30] },
    };
    const { curve } = await train({ task: { ...task, model: 'bert' }, settings }, folder());
    expect(new Set(curve.map(({ validation }) => validation)).size).toBe(1);
    expect(new Set(curve.map(({ loss }) => loss)).size).toBe(3);
  });

  it.each(['lm', 'bert'])('%s: four micro batches of one are a batch of four', async (model) => {
    const whole = await train({ task: { ...task, model, batchSize: 4 } }, folder());
    const parts = await train({ task: { ...task, model, batchSize: 1 }, accumulation: 4 }, folder());
    for (const [at, { loss }] of whole.curve.entries()) {
      // Sums in another order; AdamW divides by roots of tiny second moments, which magnifies that.
      expect(parts.curve[at]?.loss).toBeCloseTo(loss, 3);
    }
  });

  it('says where a run diverged', async () => {
    const settings = {
      ...contestantSettings,
      'sgd-momentum': { learningRates: [1e38], momentum: 0.9 },
    };
    const result = await train(
      { optimizer: 'sgd-momentum', settings, task: { ...task, warmupShare: 0 } },
      folder(),
    );
    expect(result.diverged?.what).toMatch(/^Training stopped at step \d+: the (loss|gradient norm) is/);
  });
});
