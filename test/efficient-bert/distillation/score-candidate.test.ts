import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  exampleBatches,
  pretrainingText,
  SharedSupernet,
  sharedScore,
  subNetworkSampler,
  type TrainedScoreOptions,
  textBatches,
  trainedScore,
} from '../../../methods/efficient-bert/distillation/index.ts';
import {
  copyFromSupernet,
  EfficientBert,
  paperWindow,
  parameterCounts,
  SEARCH_SETTINGS,
  type SearchProblem,
  supernetOf,
  thirdStageRows,
} from '../../../methods/efficient-bert/index.ts';
import { useBackend } from '../../../src/backends/index.ts';
import { SequenceClassifier } from '../../../src/bert/index.ts';
import { findGlueTask } from '../../../src/data/glue/index.ts';
import { UserError } from '../../../src/errors.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import { classificationTask, evaluateGlue, makeOutputReader } from '../../../src/tasks/index.ts';
import { reviews, tokenizer } from '../../tasks/fixtures.ts';
import { EXPRESSIONS, SHAPE, TEXT, tinyTeacher } from './fixtures.ts';

const CLASSES = ['negative', 'positive'];
const labels = Array.from({ length: reviews.size }, (_, index) => index % 2);
const ARCHITECTURE = { ...SHAPE, segments: 2, widthRule: 'min', expressions: EXPRESSIONS } as const;
const OTHER_SIZES = EXPRESSIONS.map((text) => text.replaceAll(/linear\d_\d/g, 'linear3_2'));

beforeAll(async () => {
  await useBackend('cpu');
});

async function accuracyOf(model: SequenceClassifier): Promise<{ selection: number; loss: number }> {
  const read = makeOutputReader(classificationTask(model), reviews.size);
  try {
    return evaluateGlue(findGlueTask('sst-2'), await read(reviews), labels);
  } finally {
    read.dispose();
  }
}

const newSupernet = (streams: RandomStreams) => new EfficientBert(supernetOf(ARCHITECTURE), streams);

function options(teacher: SequenceClassifier, supernet: EfficientBert): TrainedScoreOptions {
  const text = pretrainingText(TEXT, tokenizer);
  return {
    shape: SHAPE,
    supernet,
    head: (encoder, streams) => new SequenceClassifier(encoder, CLASSES, streams),
    phases: [
      {
        teacher: teacher.base,
        losses: 'hidden',
        batches: textBatches({ text, tokenizer, batchSize: 4, length: 12, seed: 1 }),
        steps: 3,
        peakLearningRate: 1e-3,
      },
      {
        teacher,
        losses: 'hidden and predictions',
        batches: exampleBatches({ examples: reviews, batchSize: 8, seed: 1, targetType: 'int32' }),
        steps: 6,
        peakLearningRate: 1e-3,
      },
    ],
    evaluate: (student) => accuracyOf(student as SequenceClassifier),
    evaluations: 2,
    seed: 1,
  };
}

describe('a score by training', () => {
  it('is the best evaluation, the same each time, and leaves nothing behind; a candidate may fail', async () => {
    const teacher = tinyTeacher();
    const supernet = newSupernet(new RandomStreams(1));
    const before = tf.memory().numTensors;
    const seen: number[] = [];
    const found: number[] = [];
    const given = options(teacher, supernet);
    const evaluate: TrainedScoreOptions['evaluate'] = async (student) => {
      const evaluation = await given.evaluate(student);
      found.push(evaluation.selection);
      return evaluation;
    };
    const score = trainedScore({ ...given, evaluate, onMetrics: (phase) => seen.push(phase) });
    const first = await score({ expressions: EXPRESSIONS });
    expect(seen).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(found).toHaveLength(2);
    expect(first).toEqual({ score: Math.max(...found) });
    expect(await score({ expressions: EXPRESSIONS })).toEqual(first);

    // Two parallel linears are legal; at half the width nothing fits.
    const parallel = 'gelu(add(linear1_2(x,wb1),linear1_2(x,wb2)))';
    expect(await score({ expressions: [parallel, parallel] })).toMatchObject({ failure: expect.any(String) });
    const wild = given.phases.map((phase) => ({ ...phase, peakLearningRate: 1e30 }));
    const diverged = await trainedScore({ ...given, phases: wild })({ expressions: EXPRESSIONS });
    expect(diverged).toMatchObject({ failure: expect.stringContaining('Training stopped') });
    await expect(
      trainedScore({ ...given, signal: AbortSignal.abort(new Error('stop')) })({ expressions: EXPRESSIONS }),
    ).rejects.toThrow('stop');
    expect(tf.memory().numTensors).toBe(before);
    for (const model of [teacher, supernet]) model.dispose();
  });

  it('begins with the same head and map to the teacher, whatever the candidate’s sizes', async () => {
    const teacher = tinyTeacher();
    const supernet = newSupernet(new RandomStreams(1));
    const drawn: Float32Array[][] = [];
    const score = trainedScore({
      ...options(teacher, supernet),
      phases: [],
      head: (encoder, streams) => {
        const model = new SequenceClassifier(encoder, CLASSES, streams);
        const names = ['pooler.dense.weight', 'classifier.weight', 'fit_dense.weight'];
        const stored = model.stored().filter(({ name }) => names.includes(name));
        drawn.push(stored.map(({ variable }) => variable.dataSync() as Float32Array));
        return model;
      },
    });
    for (const expressions of [EXPRESSIONS, OTHER_SIZES])
      await expect(score({ expressions })).rejects.toThrow('there is none');
    expect(drawn[0]).toHaveLength(3);
    expect(drawn[0]?.every((values) => values.some((value) => value !== 0))).toBe(true);
    expect(drawn[1]).toEqual(drawn[0]);
    for (const model of [teacher, supernet]) model.dispose();
  });

  it('leaves nothing behind where no head can be made', async () => {
    const teacher = tinyTeacher();
    const supernet = newSupernet(new RandomStreams(1));
    const before = tf.memory().numTensors;
    const head = () => {
      throw new UserError('no head');
    };
    const score = trainedScore({ ...options(teacher, supernet), head });
    await expect(score({ expressions: EXPRESSIONS })).rejects.toThrow('no head');
    expect(tf.memory().numTensors).toBe(before);
    for (const model of [teacher, supernet]) model.dispose();
  });
});

const problem: SearchProblem = {
  stage: 'stage-3',
  mode: 'mended',
  seed: 7,
  shape: ARCHITECTURE,
  rows: thirdStageRows(EXPRESSIONS),
  settings: { ...SEARCH_SETTINGS, window: paperWindow(ARCHITECTURE, EXPRESSIONS.length) },
};

describe('a score by shared weights', () => {
  it('is that of the sliced copy; one that cannot be chosen fails', async () => {
    const streams = new RandomStreams(2);
    const supernet = new SharedSupernet(newSupernet(streams), EXPRESSIONS, streams);
    const model = new SequenceClassifier(supernet, CLASSES, streams);
    const read = makeOutputReader(classificationTask(model), reviews.size);
    const outputs: Float32Array[][] = [];
    const score = sharedScore(supernet, async () => {
      outputs.push(await read(reviews));
      return evaluateGlue(findGlueTask('sst-2'), outputs.at(-1) as Float32Array[], labels);
    });
    for (const expressions of [EXPRESSIONS, OTHER_SIZES]) {
      const copy = new SequenceClassifier(
        new EfficientBert({ ...SHAPE, expressions }, streams),
        CLASSES,
        streams,
      );
      await copyFromSupernet(model, copy);
      const { selection } = await accuracyOf(copy);
      expect(await score({ expressions })).toEqual({ score: selection });
      copy.dispose();
    }
    expect(outputs[0]).not.toEqual(outputs[1]);
    expect(await score({ expressions: [...EXPRESSIONS].reverse() })).toMatchObject({
      failure: expect.stringContaining('cannot become'),
    });
    read.dispose();
    model.dispose();
  });

  it('sub-networks to train are drawn by step and seed, inside the window', () => {
    const sample = subNetworkSampler(problem);
    const { min, max } = problem.settings.window;
    const drawn = Array.from({ length: 20 }, (_, step) => sample(step));
    for (const expressions of drawn) {
      const { total } = parameterCounts({ ...ARCHITECTURE, expressions });
      expect(total >= min && total <= max, `${total}`).toBe(true);
    }
    expect(new Set(drawn.map(String)).size).toBeGreaterThan(5);
    expect(subNetworkSampler(problem)(13)).toEqual(drawn[13]);
    const none = { ...problem, settings: { ...problem.settings, window: { min: 1, max: 2 } } };
    expect(() => subNetworkSampler(none)(0)).toThrow(UserError);
  });
});
