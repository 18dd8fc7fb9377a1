/** One contestant of ours: `npm run -s cli -- run training-step` starts it and puts the questions. */
import * as tf from '@tensorflow/tfjs';
import { type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { timeSteps } from '../../src/experiment/timer.ts';
import { useStockWasm } from './stock-wasm.ts';
import { COMPARED_LOSSES, type Task } from './task.ts';
import { createTraining, type Training } from './training.ts';

export interface Place {
  readonly backend: BackendRequest | 'wasm-stock';
  readonly captured: boolean;
}

console.log = console.error; // stdout is for answers
console.info = console.error;
let training: Training | undefined;

function current(): Training {
  if (training === undefined) throw new Error('prepare comes first');
  return training;
}

await answerLines({
  /** Loads the backend and takes the first steps; `unavailable` says why it cannot. */
  async prepare(details) {
    const { backend, captured, ...task } = details as unknown as Place & Task;
    let version: string;
    let threads = 1;
    let software = false;
    try {
      if (backend === 'wasm-stock') version = await useStockWasm();
      else {
        const used = await useBackend(backend);
        version = `${used.name} ${used.version}, native kernels ${used.nativeKernels ? 'on' : 'off'}`;
        ({ threads, software } = used);
      }
    } catch (error) {
      if (error instanceof UserError) return { unavailable: error.message };
      throw error;
    }
    if (software) return { unavailable: `${version} is emulated on the CPU` };
    training = createTraining(task, captured);
    const losses: number[] = [];
    for (let index = 0; index < COMPARED_LOSSES; index++) losses.push(await training.step());
    return {
      losses,
      version,
      threads,
      form: captured ? 'captured' : 'eager',
      tensors: tf.memory().numTensors,
    };
  },
  async run({ steps }) {
    return { ms: await timeSteps(() => current().step(), steps as number) };
  },
  /** GFLOP/s of the fastest of `repeats` float32 products of two square matrices. */
  async matmul({ size, repeats }) {
    const shape: [number, number] = [size as number, size as number];
    const a = tf.randomUniform(shape);
    const b = tf.randomUniform(shape);
    const times = await timeSteps(async () => {
      const product = tf.matMul(a, b);
      const corner = product.slice([0, 0], [1, 1]); // reading one number waits for all without copying them
      await corner.data();
      tf.dispose([product, corner]);
    }, repeats as number);
    tf.dispose([a, b]);
    return { gflops: (2 * (size as number) ** 3) / Math.min(...times) / 1e6 };
  },
  memory() {
    return { tensors: tf.memory().numTensors, residentBytes: process.memoryUsage.rss() };
  },
});
process.exit(0); // a webgpu device would keep the process alive
