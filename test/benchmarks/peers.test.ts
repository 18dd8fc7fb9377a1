import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { presets as optimizerPresets } from '../../benchmarks/optimizer-step/config.ts';
import { createTask as createOptimizerTask } from '../../benchmarks/optimizer-step/task.ts';
import { findPeers, missingPackages, type Peers, startPeer } from '../../benchmarks/peers.ts';
import { gradientKey, hashedValues, weightKey } from '../../benchmarks/step-timing/values.ts';
import { presets, type SizeConfig } from '../../benchmarks/training-step/config.ts';
import { compareLosses } from '../../benchmarks/training-step/losses.ts';
import { createTask, type Task } from '../../benchmarks/training-step/task.ts';
import { createTraining } from '../../benchmarks/training-step/training.ts';
import { writeWeights } from '../../benchmarks/training-step/weights.ts';
import { CAME } from '../../methods/came/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import type { LineProcess } from '../../src/experiment/line-process.ts';
import { AdamW, type Optimizer } from '../../src/optimizers/index.ts';
import { peersForTests } from '../support/peers.ts';

const SLOW = 240_000; // a first import of PyTorch or JAX on a busy machine

const torch = await peersForTests(['torch', 'safetensors', 'numpy']);
const jax = await peersForTests(['jax', 'safetensors', 'numpy']);
const authors = await peersForTests(['torch', 'numpy', 'came_pytorch']);

beforeAll(async () => {
  await useBackend('js');
});

describe('findPeers', () => {
  it('says what to do about a Python that does not start, with exit code 3', async () => {
    const error = await findPeers('/nonexistent/python3').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(3);
    expect((error as UserError).message).toMatch(
      /--peers \/nonexistent\/python3: this Python does not run .*Name an interpreter/,
    );
  });

  it('tells which packages are missing', () => {
    const peers: Peers = { python: 'python3', packages: new Set(['torch', 'numpy']) };
    expect(missingPackages(peers, ['torch', 'numpy', 'came_pytorch'])).toEqual(['came_pytorch']);
  });
});

const open: LineProcess[] = [];
afterEach(async () => {
  for (const peer of open.splice(0)) await peer.close();
});

describe('the training step of a peer', () => {
  let folder: string;
  let task: Task;
  let ours: number[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-peers-'));
    task = {
      ...createTask(presets.smoke.sizes.D16 as SizeConfig, presets.smoke, join(folder, 'weights')),
      tryVariants: true,
    };
    await writeWeights(task.size, task.weights);
    const training = createTraining(task, false);
    ours = [];
    for (let index = 0; index < 5; index++) ours.push(await training.step());
    training.dispose();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const cases = [
    { name: 'PyTorch', script: 'torch_training_step.py', peers: torch },
    { name: 'JAX', script: 'jax_training_step.py', peers: jax },
  ];
  for (const { name, script, peers } of cases) {
    it.skipIf(peers === undefined)(
      `is the same work as ours in ${name}, in every form that it tries`,
      async () => {
        const peer = startPeer(peers as Peers, name, script);
        open.push(peer);
        const { losses, lossesByForm } = (await peer.ask('prepare', { ...task })) as {
          losses: number[];
          lossesByForm: Record<string, number[]>;
        };
        expect(Object.keys(lossesByForm)).toHaveLength(2);
        for (const theirs of [losses, ...Object.values(lossesByForm)]) {
          const [difference] = compareLosses([
            { name: 'js', losses: ours },
            { name: 'pytorch', losses: theirs },
          ]);
          // The two sum in another order; float32 keeps 6e-8, and five small steps do not amplify it much.
          expect(difference?.difference).toBeLessThan(1e-5);
        }
        expect((await peer.ask('run', { steps: 3 })).ms).toHaveLength(3);
        expect((await peer.ask('matmul', { size: 64, repeats: 2 })).gflops).toBeGreaterThan(0);
      },
      SLOW,
    );
  }

  it('is refused when the losses are those of another model', () => {
    const others = ours.map((loss) => loss * 1.001);
    expect(() =>
      compareLosses([
        { name: 'captured', losses: ours },
        { name: 'pytorch', losses: others },
      ]),
    ).toThrow('pytorch does not do the same work as captured');
  });
});

describe('the optimizer step of a peer', () => {
  const task = createOptimizerTask(optimizerPresets.smoke);
  const shapes = task.shapes.slice(0, 5);
  const whole = shapes.map((shape, index) => ({
    index,
    elements: Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, element) => element),
  }));

  /** All weights after `steps` steps of ours with the same gradients. */
  async function stepOurs(optimizer: Optimizer, steps: number): Promise<number[][]> {
    const make = (key: number, scale: number, shape: readonly number[]) =>
      tf.tensor(hashedValues(tf.util.sizeFromShape([...shape]), key, scale), [...shape]);
    const variables = shapes.map((shape, index) =>
      tf.variable(make(weightKey(index), task.weightScale, shape)),
    );
    const gradients = variables.map(({ name, shape }, index) => ({
      name,
      tensor: make(gradientKey(index), task.gradientScale, shape),
    }));
    for (let step = 0; step < steps; step++) optimizer.applyGradients(gradients);
    return Promise.all(variables.map(async (variable) => [...(await variable.data())]));
  }

  const cases = [
    { kind: 'authors', make: () => new CAME(task.came), peers: authors },
    { kind: 'adamw-fused', make: () => new AdamW(task.adamw), peers: torch },
    { kind: 'adamw-foreach', make: () => new AdamW(task.adamw), peers: torch },
  ];
  for (const { kind, make, peers } of cases) {
    it.skipIf(peers === undefined)(
      `of kind ${kind} gives the same weights as ours`,
      async () => {
        const peer = startPeer(peers as Peers, kind, 'torch_optimizer_step.py');
        open.push(peer);
        await peer.ask('prepare', { ...task, shapes, kind });
        await peer.ask('run', { steps: 5 }); // one more is untimed
        const theirs = (await peer.ask('values', { samples: whole })).values as number[][];
        const ours = await stepOurs(make(), task.warmUp + 6);
        for (const [index, tensor] of ours.entries()) {
          const largest = Math.max(...tensor.map(Math.abs));
          const apart = Math.max(
            ...tensor.map((value, at) => Math.abs(value - (theirs[index]?.[at] as number))),
          );
          // float32 against float64 is 1.8e-7 after ten CAME steps (specification, section 1.6); both sides are float32.
          expect(apart / largest).toBeLessThan(2e-6);
        }
      },
      SLOW,
    );
  }

  it.skipIf(torch === undefined)(
    'measures the bandwidth of memory',
    async () => {
      const peer = startPeer(torch as Peers, 'bandwidth', 'torch_optimizer_step.py');
      open.push(peer);
      const bandwidth = await peer.ask('bandwidth', { elements: 1 << 20, repeats: 3 });
      expect(Object.keys(bandwidth)).toEqual(['triad', 'addInPlace', 'scaleInPlace', 'sum']);
      for (const gigabytes of Object.values(bandwidth)) expect(gigabytes).toBeGreaterThan(0);
    },
    SLOW,
  );
});
