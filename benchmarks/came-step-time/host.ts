/** Holds contestants of ours: `npm run -s cli -- run came-step-time` starts it and puts the questions. */
import * as tf from '@tensorflow/tfjs';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { timeSteps } from '../../src/experiment/timer.ts';
import type { ValueSample } from '../step-timing/samples.ts';
import { createGradients, createStepping, type Stepping } from '../step-timing/stepping.ts';
import type { StepTask } from '../step-timing/task.ts';
import type { Task as TrainingTask } from '../training-step/task.ts';
import { createTraining, type Training } from '../training-step/training.ts';
import type { OptimizerName } from './config.ts';
import { measureBandwidth } from './measure-bandwidth.ts';
import { makeOptimizer, makeTrainingOptimizer } from './optimizers.ts';

/** What makes a contestant over given gradients. */
export interface StepQuestion extends StepTask {
  readonly contestant: string;
  readonly optimizer: OptimizerName;
  readonly captured: boolean;
  readonly names: readonly string[];
}

/** What makes a contestant that trains. */
export interface TrainingQuestion extends TrainingTask {
  readonly contestant: string;
  readonly captured: boolean;
  readonly warmUp: number;
}

console.log = console.error; // stdout is for answers
console.info = console.error;

const contestants = new Map<string, Stepping | Training>();
/** Of the latest task: contestants over the same shapes share them, since no optimizer writes them. */
let gradients: { readonly key: string; readonly tensors: tf.Tensor[] } | undefined;

function find(name: unknown): Stepping | Training {
  const found = contestants.get(name as string);
  if (found === undefined) throw new Error(`there is no contestant ${name}`);
  return found;
}

await answerLines({
  async use({ backend }) {
    try {
      const { name, version, threads, nativeKernels, software } = await useBackend(backend as BackendRequest);
      if (software) return { unavailable: `${version} is emulated on the CPU` };
      const kernels = name === 'tensorflow' ? `, native kernels ${nativeKernels ? 'on' : 'off'}` : '';
      return { version: `${name} ${version}${kernels}`, threads };
    } catch (error) {
      if (error instanceof UserError) return { unavailable: error.message };
      throw error;
    }
  },
  async prepare(details) {
    const { contestant, optimizer: name, captured, names, ...task } = details as unknown as StepQuestion;
    const optimizer = makeOptimizer(name, task);
    const stepping = createStepping(optimizer, task, gradientsFor(task), {
      captured,
      names: names.map((variable) => `${contestant}/${variable}`),
    });
    contestants.set(contestant, stepping);
    for (let index = 0; index < task.warmUp; index++) await stepping.step();
    return { stateBytes: optimizer.stateBytes() };
  },
  /** Throws where the loss is not a number. */
  async train(details) {
    const { contestant, captured, warmUp, ...task } = details as unknown as TrainingQuestion;
    const optimizer = makeTrainingOptimizer(contestant as 'came' | 'adamw', task.optimizer);
    const training = createTraining(task, captured, optimizer);
    contestants.set(contestant, training);
    let loss = Number.NaN;
    for (let index = 0; index < warmUp; index++) loss = await training.step();
    if (!Number.isFinite(loss))
      throw new Error(`the loss is ${loss} after ${warmUp} steps with ${contestant}`);
    return { stateBytes: optimizer.stateBytes() };
  },
  async run({ contestant, steps }) {
    const stepping = find(contestant);
    return { ms: await timeSteps(() => stepping.step(), steps as number) };
  },
  async values({ contestant, samples }) {
    const stepping = find(contestant);
    if (!('values' in stepping)) throw new Error(`${contestant} trains: its weights are not asked for`);
    return { values: await stepping.values(samples as ValueSample[]) };
  },
  release() {
    for (const contestant of contestants.values()) contestant.dispose();
    contestants.clear();
    return {};
  },
  async bandwidth({ elements, repeats }) {
    freeGradients();
    return await measureBandwidth(elements as number, repeats as number);
  },
});
process.exit(0); // a webgpu device would keep the process alive

function gradientsFor(task: Pick<StepTask, 'shapes' | 'gradientScale'>): tf.Tensor[] {
  const key = JSON.stringify([task.shapes, task.gradientScale]);
  if (gradients?.key !== key) {
    freeGradients();
    gradients = { key, tensors: createGradients(task) };
  }
  return gradients.tensors;
}

function freeGradients(): void {
  tf.dispose(gradients?.tensors ?? []);
  gradients = undefined;
}
