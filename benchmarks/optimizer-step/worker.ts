/** One contestant of ours: `npm run -s cli -- run optimizer-step` starts it and puts the questions. */
import * as tf from '@tensorflow/tfjs';
import { CAME } from '../../methods/came/index.ts';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { compile } from '../../src/compile/index.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { timeSteps } from '../../src/experiment/timer.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import type { OptimizerName } from './config.ts';
import type { Task, ValueSample } from './task.ts';
import { gradientKey, hashedValues, weightKey } from './values.ts';

export interface Place {
  readonly backend: BackendRequest;
  readonly optimizer: OptimizerName;
  readonly captured: boolean;
}

interface Stepping {
  readonly variables: readonly tf.Variable[];
  readonly step: () => Promise<unknown>;
}

console.log = console.error; // stdout is for answers
console.info = console.error;
let stepping: Stepping | undefined;

function current(): Stepping {
  if (stepping === undefined) throw new Error('prepare comes first');
  return stepping;
}

await answerLines({
  async prepare(details) {
    const { backend, optimizer: name, captured, ...task } = details as unknown as Place & Task;
    const { name: used, version, threads, nativeKernels } = await useBackend(backend);
    const optimizer = name === 'came' ? new CAME(task.came) : new AdamW(task.adamw);
    stepping = createStepping(optimizer, task, captured);
    for (let index = 0; index < task.warmUp; index++) await stepping.step();
    return {
      stateBytes: optimizer.stateBytes(),
      version: `${used} ${version}, native kernels ${nativeKernels ? 'on' : 'off'}`,
      threads,
    };
  },
  async run({ steps }) {
    return { ms: await timeSteps(current().step, steps as number) };
  },
  /** Some values of some variables, as `values` of torch_optimizer_step.py. */
  async values({ samples }) {
    const values: number[][] = [];
    for (const { index, elements } of samples as ValueSample[]) {
      const data = await (current().variables[index] as tf.Variable).data();
      values.push(elements.map((element) => data[element] as number));
    }
    return { values };
  },
});

function createStepping(
  optimizer: CAME | AdamW,
  { shapes, weightScale, gradientScale }: Task,
  captured: boolean,
): Stepping {
  const create = (shape: readonly number[], key: number, scale: number) =>
    tf.tensor(hashedValues(tf.util.sizeFromShape([...shape]), key, scale), [...shape]);
  const variables = shapes.map((shape, index) =>
    tf.tidy(() => tf.variable(create(shape, weightKey(index), weightScale))),
  );
  const gradients = shapes.map((shape, index) => create(shape, gradientKey(index), gradientScale));
  const last = variables.at(-1) as tf.Variable;
  const eager = (...given: tf.Tensor[]) => {
    optimizer.applyGradients(
      variables.map(({ name }, index) => ({ name, tensor: given[index] as tf.Tensor })),
    );
    return last.slice([0], [1]); // one number of the last variable to be written: reading it waits for the step
  };
  const apply = captured ? compile(eager) : eager;
  const step = async () => {
    const written = apply(...gradients);
    await written.data();
    written.dispose();
  };
  return { variables, step };
}
