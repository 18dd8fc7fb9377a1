import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Peers, startPeer } from '../../benchmarks/peers.ts';
import { presets, type SizeConfig } from '../../benchmarks/training-step/config.ts';
import { createTask } from '../../benchmarks/training-step/task.ts';
import { addBias, cdape, kerple } from '../../methods/cdape/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { LanguageModel, type ScoreProcessor } from '../../src/nn/index.ts';
import { AdamW, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { type RandomStream, RandomStreams } from '../../src/random/index.ts';
import { type PendingTensor, writeSafetensors } from '../../src/training/safetensors.ts';
import { peersForTests } from '../support/peers.ts';

const SLOW = 240_000; // a first import of PyTorch on a busy machine
const LOSSES = 5;

const torch = await peersForTests(['torch', 'safetensors', 'numpy']);

describe.skipIf(torch === undefined)("a model with the authors' rule in PyTorch", () => {
  let folder: string;
  beforeAll(async () => {
    await useBackend('js');
    folder = await mkdtemp(join(tmpdir(), 'tfjs-methods-cdape-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const heads = 2;
  const cases: [string, (init: RandomStream) => ScoreProcessor][] = [
    ['Kerple', (init) => addBias(kerple(heads, init))],
    ['CDAPE-Kerple', (init) => cdape({ heads, width: 4, bias: kerple(heads, init) }, init)],
    ['DAPE-Kerple', (init) => cdape({ heads, width: 4, kernelSize: 1, bias: kerple(heads, init) }, init)],
  ];
  it.each(cases)(
    'trains as ours does: %s',
    async (name, process) => {
      const weights = join(folder, name);
      const task = createTask(presets.smoke.sizes.D16 as SizeConfig, presets.smoke, weights);
      const { vocabulary, sequence, width, layers, epsilon } = task.size;
      const streams = new RandomStreams(0);
      const model = new LanguageModel(
        { vocabulary, contextLength: sequence, width, layers, heads, epsilon, positions: 'none' },
        streams,
        { process: () => process(streams.init) },
      );
      const tensors = new Map<string, PendingTensor>();
      for (const { name: key, variable } of model.parameters()) {
        const read = async () => (await variable.data()) as Float32Array<ArrayBuffer>;
        tensors.set(key, { dtype: 'F32', shape: variable.shape, read });
      }
      await writeSafetensors(weights, tensors);

      const optimizer = new AdamW({ ...task.optimizer, decay: noDecayOnVectors });
      const ours: number[] = [];
      for (const window of task.windows.slice(0, LOSSES)) {
        const part = (from: number, to: number) =>
          tf.tensor2d(
            window.map((row) => row.slice(from, row.length + to)),
            undefined,
            'int32',
          );
        const [tokens, targets] = [part(0, -1), part(1, 0)];
        const loss = optimizer.minimize(() => model.loss(tokens, targets), true) as tf.Scalar;
        ours.push((await loss.data())[0] as number);
        tf.dispose([tokens, targets, loss]);
      }

      const peer = startPeer(torch as Peers, 'PyTorch', 'cdape.py');
      try {
        const { losses } = (await peer.ask('prepare', { ...task })) as { losses: number[] };
        expect(losses).toHaveLength(LOSSES);
        // Both sum in float32, in another order; five small steps do not amplify it much.
        for (const [i, loss] of losses.entries())
          expect(Math.abs(loss - (ours[i] as number))).toBeLessThan(2e-5);
        expect((await peer.ask('run', { steps: 2 })).ms).toHaveLength(2);
        expect((await peer.ask('peak', {})).kilobytes).toBeGreaterThan(10_000);
      } finally {
        await peer.close();
        optimizer.dispose();
        model.dispose();
      }
    },
    SLOW,
  );
});
