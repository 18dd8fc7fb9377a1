import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/data/index.ts';
import { UserError } from '../../src/errors.ts';
import { NonFiniteError } from '../../src/training/non-finite.ts';
import { type TrainOptions, train } from '../../src/training/train.ts';
import type { StepResult } from '../../src/training/train-step.ts';

beforeAll(() => tf.setBackend('cpu'));

let events: string[];
beforeEach(() => {
  events = [];
});

function nextBatch(): Batch {
  return { tokens: tf.zeros([2, 3], 'int32'), targets: tf.zeros([2, 3], 'int32') };
}

/** A step whose losses are given; the gradient norm is 1 unless given. */
function stepOf(losses: readonly number[], norms: readonly number[] = []): TrainOptions['step'] {
  let call = 0;
  return () => {
    const i = call++;
    return { loss: tf.scalar(losses[i % losses.length] as number), gradientNorm: tf.scalar(norms[i] ?? 1) };
  };
}

/** Options that write down what happens. */
function recording(options: Partial<TrainOptions> = {}): TrainOptions {
  return {
    step: stepOf([4, 3, 2, 1]),
    nextBatch,
    steps: 4,
    onMetrics: ({ step, loss }) => {
      events.push(`step ${step} loss ${loss}`);
    },
    ...options,
  };
}

const evaluation: TrainOptions['evaluation'] = {
  every: 2,
  run: async () => 7,
  onLoss: (step, loss) => {
    events.push(`evaluated ${step} ${loss}`);
  },
};
const checkpoint: TrainOptions['checkpoint'] = {
  every: 2,
  save: async (step) => {
    events.push(`saved ${step}`);
  },
};

describe('train', () => {
  it('reports each step, then evaluates, then saves', async () => {
    const result = await train(recording({ evaluation, checkpoint }));
    expect(events).toEqual([
      'step 1 loss 4',
      'step 2 loss 3',
      'evaluated 2 7',
      'saved 2',
      'step 3 loss 2',
      'step 4 loss 1',
      'evaluated 4 7',
      'saved 4',
    ]);
    expect(result).toEqual({ outcome: 'finished', step: 4, loss: 1 });
  });

  it('evaluates and saves after the last step, due or not', async () => {
    await train(recording({ steps: 3, evaluation, checkpoint: { save: checkpoint.save } }));
    expect(events.slice(-2)).toEqual(['evaluated 3 7', 'saved 3']);
    expect(events.filter((event) => event.startsWith('saved'))).toHaveLength(1);
  });

  it('continues at a step', async () => {
    const rates: unknown[] = [];
    await train(
      recording({
        startStep: 2,
        learningRate: (step) => step / 10,
        onMetrics: ({ step, learningRate }) => {
          rates.push([step, learningRate]);
        },
      }),
    );
    // The rate of update 3 is the schedule's at 2, the number of updates done before.
    expect(rates).toEqual([
      [3, 0.2],
      [4, 0.3],
    ]);
    expect(await train(recording({ startStep: 4, checkpoint }))).toEqual({
      outcome: 'finished',
      step: 4,
      loss: undefined,
    });
    expect(events).toEqual([]);
  });

  it('reads losses together, and reports each', async () => {
    const open: number[] = [];
    const before = tf.memory().numTensors;
    const step = stepOf([4, 3, 2, 1, 0]);
    await train(
      recording({
        steps: 5,
        readEvery: 3,
        step: (...batch) => {
          open.push(tf.memory().numTensors - before);
          return step(...batch);
        },
      }),
    );
    expect(events).toEqual([4, 3, 2, 1, 0].map((loss, i) => `step ${i + 1} loss ${loss}`));
    // The batch, and two scalars for each step that has not been read.
    expect(open).toEqual([2, 4, 6, 2, 4]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('measures tokens per second without evaluation and checkpoints', async () => {
    const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 100));
    const speeds: number[] = [];
    await train(
      recording({
        steps: 3,
        step: stepOf([1]),
        evaluation: { every: 1, run: async () => 0, onLoss: slow },
        checkpoint: { every: 1, save: slow },
        onMetrics: ({ tokensPerSecond }) => {
          speeds.push(tokensPerSecond);
        },
      }),
    );
    // 6 tokens in well under 100 ms.
    for (const speed of speeds) expect(speed).toBeGreaterThan(60);
  });
});

describe('interruption', () => {
  it('finishes the step in flight, saves, and says so', async () => {
    const abort = new AbortController();
    const step = stepOf([4, 3, 2, 1]);
    const result = await train(
      recording({
        signal: abort.signal,
        readEvery: 10,
        checkpoint: { save: checkpoint.save },
        step: (...batch) => {
          if (events.push('step') === 3) abort.abort();
          return step(...batch);
        },
      }),
    );
    expect(result).toEqual({ outcome: 'interrupted', step: 3, loss: 2 });
    expect(events).toEqual([
      'step',
      'step',
      'step',
      'step 1 loss 4',
      'step 2 loss 3',
      'step 3 loss 2',
      'saved 3',
    ]);
  });

  it('does not save the same step twice', async () => {
    const abort = new AbortController();
    const save = async (step: number) => {
      events.push(`saved ${step}`);
      abort.abort();
    };
    const result = await train(recording({ signal: abort.signal, checkpoint: { every: 2, save } }));
    expect(result.step).toBe(2);
    expect(events.filter((event) => event.startsWith('saved'))).toEqual(['saved 2']);
  });

  it('hears an event between steps of a backend that computes synchronously', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    const result = await train(recording({ steps: 1e9, step: stepOf([1]), signal: abort.signal }));
    expect(result.outcome).toBe('interrupted');
  });

  it('before the first step of a continued run changes nothing', async () => {
    const result = await train(recording({ startStep: 1, checkpoint, signal: AbortSignal.abort() }));
    expect(result).toEqual({ outcome: 'interrupted', step: 1, loss: undefined });
    expect(events).toEqual([]);
  });
});

describe('what is not finite', () => {
  it('stops at the first such loss, named by step, before a checkpoint', async () => {
    const before = tf.memory().numTensors;
    const run = train(
      recording({
        step: stepOf([4, Number.NaN, 2, 1]),
        readEvery: 4,
        checkpoint,
        diagnose: async () => [{ name: 'blocks.0.weight', nonFinite: 2, size: 6 }],
      }),
    );
    const error = await run.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ step: 2, tensors: [{ name: 'blocks.0.weight', nonFinite: 2, size: 6 }] });
    expect((error as Error).message).toMatch(/step 2: the loss is NaN\. .*blocks\.0\.weight \(2 of 6\)/);
    expect(events).toEqual(['step 1 loss 4']);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops at such a gradient', async () => {
    await expect(train(recording({ step: stepOf([4], [1, Number.POSITIVE_INFINITY]) }))).rejects.toThrow(
      /step 2: the gradient norm is Infinity\. All parameters and optimizer state are finite/,
    );
  });

  it('without a gradient norm is looked for before a checkpoint is written', async () => {
    const bare = (): StepResult => ({ loss: tf.scalar(1) });
    const found = [{ name: 'w', nonFinite: 1, size: 2 }];
    let looks = 0;
    const run = train(
      recording({ step: bare, checkpoint, diagnose: async () => (++looks < 2 ? [] : found) }),
    );
    await expect(run).rejects.toThrow(/step 4: the update is not finite\. .*w \(1 of 2\)/);
    expect(events.filter((event) => event.startsWith('saved'))).toEqual(['saved 2']);

    // Where the norm is reported there is nothing to look for.
    const unasked = async () => {
      throw new Error('asked');
    };
    await train(recording({ checkpoint, diagnose: unasked }));
    expect(events.at(-1)).toBe('saved 4');
  });
});
