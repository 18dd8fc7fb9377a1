import { describe, expect, it } from 'vitest';
import {
  type FineTuningResult,
  fineTuningCells,
  type StepResult,
  type TrainingResult,
} from '../../benchmarks/efficient-bert-fine-tuning/cells.ts';
import { check, type FineTuningConfig, presets } from '../../benchmarks/efficient-bert-fine-tuning/config.ts';
import { outcome } from '../../benchmarks/efficient-bert-fine-tuning/outcome.ts';
import { PackedBatches } from '../../benchmarks/efficient-bert-fine-tuning/packed-batches.ts';
import { startCells } from '../../benchmarks/efficient-bert-fine-tuning/start-cells.ts';
import { useBackend } from '../../src/backends/index.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

/** One cell of a tiny model on rows made here, on the best CPU backend. */
async function runCell(
  what: 'step' | 'ours' | 'pytorch',
  change: Partial<FineTuningConfig> = {},
  { folder = temporaryFolder(), stopAfter = Number.POSITIVE_INFINITY } = {},
): Promise<FineTuningResult> {
  const config = { ...presets.smoke, ...change };
  const stop = new AbortController();
  let advanced = 0;
  const progress = {
    note() {},
    warn() {},
    expect() {},
    finish() {},
    advance: (_: unknown, units = 1) => {
      advanced += units;
      if (advanced >= stopAfter) stop.abort();
    },
  };
  const runner = await startCells({
    preset: 'smoke',
    config,
    seeds: [0],
    backend: await useBackend('cpu'),
    data: undefined,
    peers: undefined,
    progress,
    signal: stop.signal,
  });
  const cell = fineTuningCells(config, [0]).find((one) => one.what === what);
  try {
    return await runner.run(cell as NonNullable<typeof cell>, folder);
  } finally {
    await runner.dispose();
  }
}

describe('one cell', () => {
  it('learns rows made here, and continued ends as one that was not stopped', async () => {
    const whole = (await runCell('ours')) as TrainingResult;
    expect(whole.curve.map(({ step }) => step)).toEqual([whole.steps / 2, whole.steps]);
    expect(whole.curve.at(-1)?.accuracy).toBeGreaterThan(0.7);
    const folder = temporaryFolder();
    await expect(runCell('ours', {}, { folder, stopAfter: 7 })).rejects.toThrow(Interrupted);
    const continued = (await runCell('ours', {}, { folder })) as TrainingResult;
    expect(continued.curve).toEqual(whole.curve);
  });

  it('ends, and its schedule with it, after so many steps', async () => {
    const short = (await runCell('ours', { maximumSteps: 3, evaluations: 1 })) as TrainingResult;
    expect(short.steps).toBe(3);
    expect(short.curve.map(({ step }) => step)).toEqual([3]);
  });

  it('times the step, and says where there is no PyTorch', async () => {
    const step = (await runCell('step')) as StepResult;
    expect(Object.keys(step.comparison.timings)).toEqual(['captured']);
    expect(step).toMatchObject({ torch: null, difference: null, absent: 'no --peers' });
    expect(await runCell('pytorch')).toMatchObject({ what: 'pytorch', absent: 'no --peers', curve: [] });
  });
});

it('gives PyTorch the batches that our training has', async () => {
  await useBackend('js');
  const examples = {
    size: 5,
    at: (index: number) => ({
      tokens: Int32Array.of(index, 7),
      segments: Int32Array.of(0, 1),
      padding: Int32Array.of(0, index % 2),
      targets: [index],
    }),
  };
  const batches = new PackedBatches(examples, 3, 1);
  for (const step of [0, 1, 2]) {
    const { tokens, targets } = batches.tensors(step);
    const plain = batches.plain(step);
    expect(await tokens.array()).toEqual(plain.inputs);
    expect(await targets.array()).toEqual(plain.targets);
    tokens.dispose();
    targets.dispose();
  }
});

const config: FineTuningConfig = { ...presets.laptop, dataDir: './glue' };

function trained(what: 'ours' | 'pytorch', accuracy: number, change: Partial<TrainingResult> = {}) {
  return {
    what,
    absent: null,
    diverged: null,
    // The last counts, not the best.
    curve: [
      { step: 5, training: 0.5, loss: 0.4, accuracy: 0.99 },
      { step: 10, training: 0.4, loss: 0.3, accuracy },
    ],
    steps: 10,
    seconds: 60,
    trainingExamples: 100,
    skippedRows: 0,
    origin: '102 tensors from a folder',
    ...change,
  } satisfies TrainingResult;
}

/** Three seeds of so much right, PyTorch's if it was trained, and the milliseconds of a step of ours and of PyTorch's. */
function judged(
  ours: readonly TrainingResult[],
  pytorch: readonly TrainingResult[],
  [captured, torch]: readonly [number, number | null],
  change: Partial<FineTuningConfig> = {},
  step: Partial<StepResult> = {},
) {
  const timing = (median: number) => ({ median, minimum: median, mad: 0, count: 5 });
  const timings = { captured: timing(captured), ...(torch !== null && { PyTorch: timing(torch) }) };
  const seeds = ours.map((_, seed) => seed);
  const results = new Map<string, FineTuningResult>([
    [
      'step',
      {
        what: 'step',
        captured: true,
        parameters: 1,
        comparison: { timings, samples: [], valid: true, others: 0 },
        torch: null,
        difference: null,
        absent: null,
        ...step,
      },
    ],
    ...seeds.map((seed) => [`ours-seed${seed}`, ours[seed] as TrainingResult] as const),
    ...pytorch.map((result, seed) => [`pytorch-seed${seed}`, result] as const),
  ]);
  return outcome({ config: { ...config, trainPeer: pytorch.length > 0, ...change }, seeds }, results);
}

const seeds = (...accuracies: number[]) => accuracies.map((accuracy) => trained('ours', accuracy));
const peers = (...accuracies: number[]) => accuracies.map((accuracy) => trained('pytorch', accuracy));

describe('the verdict', () => {
  it('goes by the mean against PyTorch’s, and by the step', () => {
    const { verdict, metrics } = judged(seeds(0.85, 0.87, 0.86), peers(0.88, 0.87, 0.87), [100, 95]);
    expect(verdict).toBe('met');
    expect(metrics['accuracy.mean']).toBeCloseTo(0.86, 10);
    expect(metrics['accuracy.pointsAbovePytorch']).toBeCloseTo(-1.333, 3);
    expect(metrics['step.ms']).toBe(100);
    expect(metrics['step.speedup.pytorch']).toBe(0.95);
    expect(judged(seeds(0.85, 0.85, 0.85), peers(0.87, 0.87, 0.87), [100, 95]).verdict).toBe('not met');
    expect(judged(seeds(0.86, 0.86, 0.86), peers(0.87, 0.87, 0.87), [111, 100]).verdict).toBe('not met');
  });

  it('takes what PyTorch reached before where it was not trained', () => {
    const { verdict, metrics, warnings } = judged(seeds(0.86, 0.86, 0.86), [], [100, 100]);
    expect(verdict).toBe('met');
    expect(metrics['accuracy.pointsAbovePytorch']).toBeCloseTo(-1.3, 10);
    expect(warnings?.join()).toContain('87.3 % were measured before');
    expect(judged(seeds(0.86), [], [100, 100], { reference: 0 }).verdict).toBe('not tested');
  });

  it('is not tested without PyTorch, captured steps, real rows or quiet, and not met where a seed diverged', () => {
    const absent = [trained('pytorch', 0, { absent: 'no --peers', curve: [] })];
    const without = judged(seeds(0.87), absent, [100, null], { reference: 0 });
    expect(without).toMatchObject({ verdict: 'not tested' });
    expect(without.warnings?.join()).toContain('PyTorch was not trained: no --peers');
    expect(judged(seeds(0.87), [], [100, 100], {}, { captured: false }).reason).toContain('captured');
    expect(judged(seeds(0.87), [], [100, 100], { dataDir: 'generated' }).verdict).toBe('not tested');
    expect(judged(seeds(0.87), [], [100, 100], { maximumSteps: 10 }).reason).toContain('after 10 steps');
    const comparison = { timings: {}, samples: [], valid: false, others: 0.5 };
    expect(judged(seeds(0.87), [], [100, 100], {}, { comparison }).verdict).toBe('not tested');
    const lost = [trained('ours', 0.87, { diverged: { step: 4, what: 'NaN' } })];
    expect(judged(lost, [], [100, 100])).toMatchObject({
      verdict: 'not met',
      reason: 'Seed 0 diverged at step 4.',
    });
  });
});

it('refuses settings that cannot be', () => {
  for (const preset of Object.values(presets)) expect(() => check(preset)).not.toThrow();
  expect(() => check({ ...config, optimizer: 'came' })).toThrow(/adamw, which PyTorch has too/);
  expect(() => check({ ...config, model: 'bert-base' })).toThrow(/all-minilm-l6-v2, tiny or a folder/);
  expect(() => check({ ...config, maximumSteps: -1 })).toThrow(/0 for all/);
  expect(() => check({ ...config, reference: 87.3 })).toThrow(/between 0 and 1/);
});
