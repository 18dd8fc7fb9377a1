/** One contestant of ours: `npm run -s cli -- run optimizer-step` starts it and puts the questions. */
import { CAME } from '../../methods/came/index.ts';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { timeSteps } from '../../src/experiment/timer.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import type { ValueSample } from '../step-timing/samples.ts';
import { createGradients, createStepping, type Stepping } from '../step-timing/stepping.ts';
import type { StepTask } from '../step-timing/task.ts';
import type { OptimizerName } from './config.ts';

export interface Place {
  readonly backend: BackendRequest;
  readonly optimizer: OptimizerName;
  readonly captured: boolean;
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
    const { backend, optimizer: name, captured, ...task } = details as unknown as Place & StepTask;
    const { name: used, version, threads, nativeKernels } = await useBackend(backend);
    const optimizer = name === 'came' ? new CAME(task.came) : new AdamW(task.adamw);
    stepping = createStepping(optimizer, task, createGradients(task), { captured });
    for (let index = 0; index < task.warmUp; index++) await stepping.step();
    return {
      stateBytes: optimizer.stateBytes(),
      version: `${used} ${version}, native kernels ${nativeKernels ? 'on' : 'off'}`,
      threads,
    };
  },
  async run({ steps }) {
    return { ms: await timeSteps(() => current().step(), steps as number) };
  },
  /** Some values of some variables, as `values` of torch_optimizer_step.py. */
  async values({ samples }) {
    return { values: await current().values(samples as ValueSample[]) };
  },
});
