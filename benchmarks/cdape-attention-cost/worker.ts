/** One contestant of ours: `npm run -s cli -- run cdape-attention-cost` starts it and puts the questions. */
import * as tf from '@tensorflow/tfjs';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { timeSteps } from '../../src/experiment/timer.ts';
import { AdamW, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { makeTrainStep } from '../../src/training/index.ts';
import { COMPARED_LOSSES, type Task } from '../training-step/task.ts';
import { type CostModel, createCostModel } from './model.ts';

export type CostQuestion = Task & CostModel & { readonly backend: BackendRequest };

console.log = console.error; // stdout is for answers
console.info = console.error;
let step: () => Promise<number> = () => {
  throw new Error('prepare comes first');
};

await answerLines({
  async prepare(details) {
    const question = details as unknown as CostQuestion;
    const { version, name, threads, nativeKernels } = await useBackend(question.backend);
    step = createSteps(question);
    const losses: number[] = [];
    for (let index = 0; index < COMPARED_LOSSES; index++) losses.push(await step());
    const native = `native kernels ${nativeKernels ? 'on' : 'off'}`;
    return { losses, version: `${name} ${version}, ${native}`, threads, form: 'captured' };
  },
  async run({ steps }) {
    return { ms: await timeSteps(step, steps as number) };
  },
  peak() {
    return { kilobytes: process.resourceUsage().maxRSS };
  },
});
process.exit(0); // a webgpu device would keep the process alive

/** One training step at each call, on the next window. */
function createSteps(question: CostQuestion): () => Promise<number> {
  const model = createCostModel(question);
  const optimizer = new AdamW({ ...question.optimizer, decay: noDecayOnVectors });
  const train = makeTrainStep({ model, optimizer });
  const batches = question.windows.map((window) => ({
    tokens: tf.tensor2d(
      window.map((row) => row.slice(0, -1)),
      undefined,
      'int32',
    ),
    targets: tf.tensor2d(
      window.map((row) => row.slice(1)),
      undefined,
      'int32',
    ),
  }));
  let count = 0;
  return async () => {
    const { tokens, targets } = batches[count++ % batches.length] as (typeof batches)[number];
    const { loss } = train(tokens, targets);
    const [value] = await loss.data();
    loss.dispose();
    return value as number;
  };
}
