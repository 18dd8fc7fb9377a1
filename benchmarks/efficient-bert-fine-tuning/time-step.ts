import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { loadWeights, saveModel } from '../../src/bert/index.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import { storeComparison } from '../../src/experiment/stored-comparison.ts';
import { type Contestant, timeSteps } from '../../src/experiment/timer.ts';
import { countParameters } from '../../src/nn/index.ts';
import { classificationTask, type TaskModel } from '../../src/tasks/index.ts';
import { makeTrainStep } from '../../src/training/index.ts';
import { makeOptimizer } from '../efficient-bert-models/optimizers.ts';
import { compareShown, fillSections } from '../step-timing/compare-shown.ts';
import { type FineTuningCell, OURS, PYTORCH, type StepResult } from './cells.ts';
import type { FineTuningConfig } from './config.ts';
import { openClassifier } from './open-classifier.ts';
import { PackedBatches } from './packed-batches.ts';
import type { FineTuningData } from './start-cells.ts';
import { torchRecipe, withTorch } from './torch-process.ts';

type Context = CellContext<FineTuningConfig>;

/** Used in turn. */
const BATCHES = 8;

/** float32 rounding through a few AdamW steps; another model, decay or rate is far above it. */
const LOSS_TOLERANCE = 1e-4;

/** One training step of ours and PyTorch's, from the same weights on the same batches with dropout, in rounds. */
export async function timeStep(
  { seed }: FineTuningCell,
  folder: string,
  data: FineTuningData,
  context: Context,
): Promise<StepResult> {
  const { config, backend, progress, signal } = context;
  const { peers, steps } = data;
  progress.expect(2 + config.rounds);
  const { model } = await openClassifier(config, data.folder, data.tokenizer, data.classes, seed);
  const task = classificationTask(model);
  const first = join(folder, 'model');
  const batches = new PackedBatches(data.train, config.batchSize, seed);
  const tensors = Array.from({ length: BATCHES }, (_, step) => batches.tensors(step));
  try {
    await saveModel(first, model);
    const plain = startTraining(withoutDropout(task), tensors, config, steps);
    const losses: number[] = [];
    try {
      while (losses.length < config.comparedLosses) losses.push(await plain.step());
    } finally {
      plain.dispose();
    }
    await loadWeights(model, first);
    const ours = startTraining(task, tensors, config, steps);
    try {
      for (let warm = 0; warm < 3; warm++) await ours.step(); // two of them record
      progress.advance({ label: `step: ${OURS} is ready` });
      const contestants: Contestant[] = [{ name: OURS, run: (count) => timeSteps(ours.step, count) }];
      const found = { what: 'step', captured: backend.name.startsWith('tensorflow') } as const;
      const parameters = countParameters(model);
      if (typeof peers === 'string') {
        const comparison = storeComparison(await timed(contestants, context));
        return { ...found, parameters, comparison, torch: null, difference: null, absent: peers };
      }
      return await withTorch(peers, async (torch) => {
        signal.addEventListener('abort', () => void torch.close(), { once: true });
        const prepared = await prepareTorch(torch, first, batches, data, config);
        const difference = compareLosses(losses, prepared.losses);
        progress.advance({ label: `step: ${PYTORCH} is ready` });
        contestants.push({
          name: PYTORCH,
          pid: torch.pid,
          run: async (count) => (await torch.ask('run', { steps: count })).ms as number[],
        });
        const comparison = storeComparison(await timed(contestants, context));
        return { ...found, parameters, comparison, torch: prepared.torch, difference, absent: null };
      });
    } finally {
      ours.dispose();
    }
  } finally {
    for (const { tokens, targets } of tensors) tf.dispose([tokens, targets]);
    model.dispose();
  }
}

function withoutDropout(task: TaskModel): TaskModel {
  return {
    ...task,
    loss: (inputs, targets) => task.loss(inputs, targets, { training: false }),
  };
}

function startTraining(
  task: TaskModel,
  batches: readonly ReturnType<PackedBatches['tensors']>[],
  config: FineTuningConfig,
  steps: number,
) {
  const optimizer = makeOptimizer(config, steps, task.model);
  const step = makeTrainStep({ model: task, optimizer, clipNorm: config.clipNorm, batchShapes: 1 });
  let count = 0;
  return {
    /** Resolves to the loss, when it is there. */
    async step(): Promise<number> {
      const { tokens, targets } = batches[count++ % batches.length] as (typeof batches)[number];
      const { loss, gradientNorm } = step(tokens, targets);
      const [value] = await loss.data();
      tf.dispose([loss, ...(gradientNorm ? [gradientNorm] : [])]);
      return value as number;
    },
    dispose() {
      step.dispose();
      optimizer.dispose();
    },
  };
}

async function prepareTorch(
  torch: LineProcess,
  folder: string,
  batches: PackedBatches,
  { steps }: FineTuningData,
  config: FineTuningConfig,
): Promise<{ readonly losses: number[]; readonly torch: string }> {
  const answer = await torch.ask('prepareTiming', {
    folder,
    recipe: torchRecipe(config, steps),
    batches: Array.from({ length: BATCHES }, (_, step) => batches.plain(step)),
    comparedLosses: config.comparedLosses,
    tryVariants: config.peerVariants,
  });
  const { version, form, threads } = answer;
  return { losses: answer.losses as number[], torch: `${version}, eager, ${form}, ${threads} threads` };
}

/** @throws Error where PyTorch does other work than we do */
function compareLosses(ours: readonly number[], theirs: readonly number[]): number {
  const differences = ours.map((loss, step) => Math.abs(((theirs[step] ?? Number.NaN) - loss) / loss));
  const difference = Math.max(...differences);
  if (difference <= LOSS_TOLERANCE) return difference;
  throw new Error(
    `PyTorch does not do the same work: losses ${theirs.join(', ')} against ${ours.join(', ')} of ours`,
  );
}

async function timed(contestants: readonly Contestant[], { config, progress, signal }: Context) {
  const steps = await fillSections(contestants, config.sectionSeconds, config.maximumTimed);
  return compareShown(contestants, config, { label: 'step', progress, signal, pause: config.pause, steps });
}
