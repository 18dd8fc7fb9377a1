import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { loadWeights } from '../../src/bert/index.ts';
import { findGlueTask } from '../../src/data/glue/index.ts';
import { AdamW, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import {
  classificationTask,
  evaluateGlue,
  type FineTuned,
  type FineTuneOptions,
  fineTune,
  type GlueEvaluation,
  makeOutputReader,
} from '../../src/tasks/index.ts';
import { scheduleFrom } from '../../src/training/index.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { reviews, tinyClassifier, tokenizer } from './fixtures.ts';

const temporaryFolder = temporaryFolders();
const STEPS = 24;
const labels = Array.from({ length: reviews.size }, (_, index) => index % 2);

beforeAll(async () => {
  await useBackend('cpu');
});

interface Ran {
  readonly tuned: FineTuned<GlueEvaluation>;
  readonly weights: readonly Float32Array[];
}

async function run(folder: string, change: Partial<FineTuneOptions<GlueEvaluation>> = {}): Promise<Ran> {
  const streams = new RandomStreams(3);
  const model = tinyClassifier(streams);
  const task = classificationTask(model);
  const learningRate = scheduleFrom({ kind: 'linear', peak: 0.01, warmup: 2, total: STEPS });
  const optimizer = new AdamW({ learningRate, weightDecay: 0.01, decay: noDecayOnVectors });
  const read = makeOutputReader(task, 10);
  const sst2 = findGlueTask('sst-2');
  try {
    const tuned = await fineTune({
      task,
      optimizer,
      streams,
      examples: reviews,
      batchSize: 8,
      seed: 3,
      steps: STEPS,
      every: 4,
      evaluate: async () => evaluateGlue(sst2, await read(reviews), labels),
      folder,
      identity: { model: 'tiny' },
      tokenizer,
      ...change,
    });
    const weights = await Promise.all(
      model.parameters().map(async ({ variable }) => (await variable.data()) as Float32Array),
    );
    return { tuned, weights };
  } finally {
    read.dispose();
    optimizer.dispose();
    model.dispose();
  }
}

describe('fine-tuning', () => {
  it('learns, keeps the best weights, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const folder = temporaryFolder();
    const { tuned, weights } = await run(folder);
    expect(tuned.outcome).toBe('finished');
    expect(tuned.curve.map(({ step }) => step)).toEqual([4, 8, 12, 16, 20, 24]);
    expect(tuned.best?.evaluation.metrics.accuracy).toBe(1);
    const selections = tuned.curve.map(({ selection }) => selection);
    const best = selections.indexOf(Math.max(...selections));
    expect(tuned.best?.step).toBe(tuned.curve[best]?.step); // the first of equally good ones
    const saved = tinyClassifier();
    await loadWeights(saved, join(folder, 'best'));
    for (const [i, { variable }] of saved.parameters().entries())
      expect(await variable.data()).toEqual(weights[i]);
    saved.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends with the same bits when it is interrupted and continued', async () => {
    const whole = await run(temporaryFolder());
    const folder = temporaryFolder();
    const stop = new AbortController();
    const cut = await run(folder, {
      signal: stop.signal,
      onMetrics: ({ step }) => {
        if (step === 10) stop.abort();
      },
    });
    expect(cut.tuned.outcome).toBe('interrupted');
    let continuedAt = 0;
    const rest = await run(folder, {
      onContinue: (step) => {
        continuedAt = step;
      },
    });
    expect(continuedAt).toBe(10);
    expect(rest.weights).toEqual(whole.weights);
    expect(rest.tuned.curve).toEqual(whole.tuned.curve);
    expect(rest.tuned.best).toEqual(whole.tuned.best);
  });

  it('refuses to continue with other settings', async () => {
    const folder = temporaryFolder();
    await run(folder);
    await expect(run(folder, { identity: { model: 'other' } })).rejects.toThrow(/config/);
  });

  it('keeps the weights of the best evaluation, not of the last', async () => {
    const bestAt = (best: number) => {
      let calls = 0;
      const evaluate = async () => {
        const selection = ++calls === best ? 1 : 0.5;
        return { selection, loss: 0.5, metrics: {}, predictions: [] };
      };
      return { evaluate };
    };
    const long = await run(temporaryFolder(), bestAt(2));
    const short = await run(temporaryFolder(), { ...bestAt(2), steps: 8 });
    expect([long.tuned.best?.step, short.tuned.best?.step]).toEqual([8, 8]);
    expect(long.weights).toEqual(short.weights);
  });

  it('says where it diverged', async () => {
    const optimizer = new AdamW({ learningRate: 1e30 });
    const { tuned } = await run(temporaryFolder(), { optimizer });
    optimizer.dispose();
    expect(tuned.outcome).toBe('diverged');
    expect(tuned.failure?.step).toBeLessThan(STEPS);
    expect(tuned.failure?.what).toMatch(/loss|gradient norm/);
  });
});

describe('evaluation', () => {
  it('is that of the metrics, with cross-entropy or squared error as loss', () => {
    const outputs = [
      [2, 0],
      [0, 2],
      [1, 0],
    ];
    const found = evaluateGlue(findGlueTask('mrpc'), outputs, [0, 1, 1]);
    expect(found.predictions).toEqual([0, 1, 0]);
    expect(found.metrics.accuracy).toBeCloseTo(2 / 3, 12);
    expect(found.metrics.f1).toBeCloseTo(2 / 3, 12);
    const expected = (2 * Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.E)) / 3;
    expect(found.loss).toBeCloseTo(expected, 12);
    const scores = evaluateGlue(findGlueTask('sts-b'), [[1], [2], [4]], [1, 3, 4]);
    expect(scores.predictions).toEqual([1, 2, 4]);
    expect(scores.loss).toBeCloseTo(1 / 3, 12);
  });
});
