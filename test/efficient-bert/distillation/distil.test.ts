import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Distillation,
  type Distilled,
  type DistilOptions,
  distil,
  distillationOptimizer,
  exampleBatches,
  pretrainingText,
  textBatches,
} from '../../../methods/efficient-bert/distillation/index.ts';
import { useBackend } from '../../../src/backends/index.ts';
import { loadWeights } from '../../../src/bert/index.ts';
import { UserError } from '../../../src/errors.ts';
import { AdamW } from '../../../src/optimizers/index.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { reviews, tokenizer } from '../../tasks/fixtures.ts';
import { TEXT, tinyStudent, tinyTeacher } from './fixtures.ts';

const temporaryFolder = temporaryFolders();
const STEPS = { text: 8, task: 12 };

beforeAll(async () => {
  await useBackend('cpu');
});

interface Ran {
  readonly text: Distilled;
  readonly task: Distilled | undefined;
  readonly weights: readonly Float32Array[];
}

/** Two phases: hidden states on text, then everything on a task. Dropout is on. */
async function warmUp(
  folder: string | undefined,
  change: { text?: Partial<DistilOptions>; task?: Partial<DistilOptions> } = {},
): Promise<Ran> {
  const streams = new RandomStreams(3);
  const teacher = tinyTeacher();
  const student = tinyStudent(streams);
  const optimizers = [
    distillationOptimizer({ peakLearningRate: 0.01, steps: STEPS.text }),
    distillationOptimizer({ peakLearningRate: 0.01, steps: STEPS.task }),
  ] as const;
  const text = pretrainingText(TEXT, tokenizer);
  let calls = 0;
  try {
    const first = await distil({
      distillation: new Distillation({ teacher: teacher.base, student: student.base, losses: 'hidden' }),
      batches: textBatches({ text, tokenizer, batchSize: 4, length: 12, seed: 3 }),
      optimizer: optimizers[0],
      streams,
      steps: STEPS.text,
      checkpointEvery: 4,
      folder: folder && join(folder, 'text'),
      identity: { phase: 'text' },
      ...change.text,
    });
    if (first.outcome !== 'finished') return { text: first, task: undefined, weights: [] };
    const second = await distil({
      distillation: new Distillation({ teacher, student, losses: 'hidden and predictions' }),
      batches: exampleBatches({ examples: reviews, batchSize: 8, seed: 3, targetType: 'int32' }),
      optimizer: optimizers[1],
      streams,
      steps: STEPS.task,
      evaluation: {
        every: 4,
        run: async () => ({ selection: [0.5, 0.9, 0.7][calls++] as number, loss: 1 }),
        keep: folder === undefined ? 'last' : 'best',
        tokenizer,
      },
      folder: folder && join(folder, 'task'),
      identity: { phase: 'task' },
      ...change.task,
    });
    const weights = await Promise.all(
      student.parameters().map(async ({ variable }) => (await variable.data()) as Float32Array),
    );
    return { text: first, task: second, weights };
  } finally {
    for (const owner of [teacher, student, ...optimizers]) owner.dispose();
  }
}

const stopAt = (step: number): Partial<DistilOptions> => {
  const stop = new AbortController();
  return {
    signal: stop.signal,
    onMetrics: (metrics) => {
      if (metrics.step === step) stop.abort();
    },
  };
};

describe('warm-up distillation', () => {
  it('learns in both phases, keeps the best weights, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const folder = temporaryFolder();
    const seen: number[][] = [];
    const { text, task, weights } = await warmUp(folder, {
      task: {
        onMetrics: ({ loss, attention, hidden, prediction }) =>
          seen.push([loss, attention + hidden + prediction]),
      },
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(text.outcome).toBe('finished');
    expect(text.curve.map(({ step }) => step)).toEqual([4, 8]);
    expect(text.curve[1]?.loss).toBeLessThan(text.curve[0]?.loss as number);
    expect(text.curve[0]?.prediction).toBe(0);
    expect(task?.curve.map(({ step, selection }) => [step, selection])).toEqual([
      [4, 0.5],
      [8, 0.9],
      [12, 0.7],
    ]);
    expect(task?.curve[2]?.loss).toBeLessThan(task?.curve[0]?.loss as number);
    expect(seen).toHaveLength(STEPS.task);
    for (const [loss, parts] of seen as [number, number][])
      expect(Math.abs(loss / parts - 1)).toBeLessThan(1e-5);
    expect(task?.best?.step).toBe(8);
    const saved = tinyStudent(new RandomStreams(0));
    await loadWeights(saved, join(folder, 'task', 'best'));
    for (const [i, { variable }] of saved.parameters().entries())
      expect(await variable.data()).toEqual(weights[i]);
    saved.dispose();
  });

  it('ends with the same bits when it is interrupted in each phase and continued', async () => {
    const whole = await warmUp(temporaryFolder());
    const folder = temporaryFolder();
    expect((await warmUp(folder, { text: stopAt(3) })).text).toMatchObject({
      outcome: 'interrupted',
      step: 3,
    });
    const second = await warmUp(folder, { task: stopAt(6) });
    expect(second.task).toMatchObject({ outcome: 'interrupted', step: 6 });
    const continued: number[] = [];
    const onContinue = (step: number) => continued.push(step);
    const calls = {
      run: async () => ({ selection: [0.9, 0.7][continued.length - 2 + asked++] as number, loss: 1 }),
    };
    let asked = 0;
    const rest = await warmUp(folder, {
      text: { onContinue },
      task: { onContinue, evaluation: { every: 4, keep: 'best', tokenizer, ...calls } },
    });
    expect(continued).toEqual([STEPS.text, 6]); // the first phase is not done again
    expect(rest.weights).toEqual(whole.weights);
    expect(rest.text.curve).toEqual(whole.text.curve);
    expect(rest.task?.curve).toEqual(whole.task?.curve);
    expect(rest.task?.best).toEqual(whole.task?.best);
  });

  it('needs no folder, unless the best weights are to be kept', async () => {
    const { task } = await warmUp(undefined);
    expect([task?.outcome, task?.best?.step]).toEqual(['finished', 8]);
    const evaluation = { every: 4, keep: 'best', run: async () => ({ selection: 1, loss: 1 }) } as const;
    await expect(warmUp(undefined, { text: { evaluation } })).rejects.toThrow(UserError);
  });

  it('refuses to continue another run', async () => {
    const folder = temporaryFolder();
    await warmUp(folder, { text: stopAt(2) });
    await expect(warmUp(folder, { text: { identity: { phase: 'other' } } })).rejects.toThrow(/config\.phase/);
  });

  it('says where it diverged', async () => {
    const optimizer = new AdamW({ learningRate: 1e30 });
    const { text } = await warmUp(temporaryFolder(), { text: { optimizer } });
    optimizer.dispose();
    expect(text.outcome).toBe('diverged');
    expect(text.failure?.step).toBeLessThanOrEqual(STEPS.text);
    expect(text.failure?.what).toMatch(/loss|gradient norm/);
  });

  it('calls what chooses sub-networks before each step, in a continued run from where it was', async () => {
    const steps: number[] = [];
    const beforeStep = (step: number) => steps.push(step);
    const folder = temporaryFolder();
    await warmUp(folder, { text: { ...stopAt(3), beforeStep } });
    await warmUp(folder, { text: { ...stopAt(5), beforeStep } });
    expect(steps).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('Distillation', () => {
  it('says what does not fit', () => {
    const teacher = tinyTeacher();
    const student = tinyStudent(new RandomStreams(0));
    expect(() => new Distillation({ teacher, student: student.base, losses: 'predictions' })).toThrow(
      'the teacher predicts classes, the student nothing',
    );
    expect(() => new Distillation({ teacher: student, student: teacher, losses: 'hidden' })).toThrow(
      'A teacher of 2 layers cannot teach a student of 4',
    );
    expect(() => new Distillation({ teacher, student: teacher, losses: 'hidden', temperature: 0 })).toThrow(
      'temperature of a distillation must be more than 0',
    );
    expect(() => new Distillation({ teacher: student, student, losses: 'hidden' })).toThrow(
      'hidden states are 12 wide, the student’s are fitted to 10: make the student with fitWidth: 12',
    );
    // Hidden states may go without a head, and without training it.
    const own = new Distillation({ teacher, student, losses: 'hidden' }).parameters();
    expect(own.some(({ name }) => name.includes('classifier'))).toBe(false);
    for (const model of [teacher, student]) model.dispose();
  });
});
