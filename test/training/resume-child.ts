/**
 * Trains a small language model with dropout, clipping and a schedule, on the backend and into the folder given:
 *
 *   node --import tsx resume-child.ts BACKEND FOLDER STEPS CHECKPOINT_EVERY ACCUMULATION OPTIMIZER
 *
 * Continues from the folder's newest checkpoint where there is one. Prints a line of JSON for each step, and a last one with a hash
 * of the final weights. SIGINT ends it after a checkpoint.
 */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { CAME } from '../../methods/came/index.ts';
import { type BackendRequest, releaseBackend, useBackend } from '../../src/backends/index.ts';
import { evaluationWindows, randomWindows, storyCorpus } from '../../src/data/index.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import {
  findNonFinite,
  latestCheckpoint,
  loadCheckpoint,
  makeEvaluator,
  makeTrainStep,
  saveCheckpoint,
  scheduleFrom,
  train,
} from '../../src/training/index.ts';

const [backend, folder, steps, every, accumulation, rule] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  'adamw' | 'came',
];
await useBackend(backend as BackendRequest);

const print = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const corpus = storyCorpus({ characters: 20_000, seed: 0 });
const shape = { batchSize: 4, context: 16 };
const config = {
  model: {
    vocabulary: corpus.vocabulary.size,
    contextLength: 16,
    width: 32,
    layers: 2,
    heads: 4,
    dropout: 0.2,
  },
  schedule: { kind: 'cosine', peak: 1e-2, warmup: 5, total: Number(steps) },
  data: corpus.sha256,
} as const;

const streams = new RandomStreams(0);
const model = new LanguageModel(config.model, streams);
const schedule = scheduleFrom(config.schedule);
const optimizer = new { adamw: AdamW, came: CAME }[rule]({ learningRate: schedule });
const step = makeTrainStep({ model, optimizer, clipNorm: 1, accumulation: Number(accumulation) });
const evaluate = makeEvaluator(model);
const checkpointed = { model, optimizer, streams, config };
const startStep = (await latestCheckpoint(folder)) ? (await loadCheckpoint(folder, checkpointed)).step : 0;

const abort = new AbortController();
process.once('SIGINT', () => abort.abort());
const { outcome } = await train({
  step,
  nextBatch: () => randomWindows(corpus.train, shape, streams.data),
  steps: Number(steps),
  startStep,
  learningRate: schedule,
  onMetrics: ({ step, loss, gradientNorm, learningRate }) => {
    print({ step, loss, gradientNorm, learningRate });
  },
  evaluation: {
    every: 10,
    run: () => evaluate(evaluationWindows(corpus.validation, shape, 8)),
    onLoss: (step, validation) => {
      print({ step, validation });
    },
  },
  checkpoint: {
    every: Number(every),
    save: async (done) => {
      await saveCheckpoint(folder, { ...checkpointed, step: done });
    },
  },
  diagnose: () => findNonFinite(model, optimizer),
  signal: abort.signal,
});

const hash = createHash('sha256');
for (const { variable } of model.parameters())
  hash.update(new Uint8Array((await variable.data()).slice().buffer));
print({ outcome, weights: hash.digest('hex'), tensors: tf.memory().numTensors });
releaseBackend();
process.exit(outcome === 'finished' ? 0 : 130);
