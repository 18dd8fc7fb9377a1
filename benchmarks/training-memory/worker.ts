/** Trains in a process of its own and reads its memory: `npm run -s cli -- run training-memory` starts it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { CAME } from '../../methods/came/index.ts';
import { type BackendRequest, releaseBackend, useBackend } from '../../src/backends/index.ts';
import { randomWindows, storyCorpus } from '../../src/data/index.ts';
import { answerLines } from '../../src/experiment/line-process.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { makeTrainStep, train } from '../../src/training/index.ts';
import type { TrainingMemoryConfig } from './config.ts';

export type OptimizerName = 'adamw' | 'came';

export interface Question {
  readonly backend: BackendRequest;
  readonly optimizer: OptimizerName;
  readonly config: TrainingMemoryConfig;
}

/** Memory after so many steps. */
export interface MemorySample {
  readonly step: number;
  readonly tensors: number;
  readonly residentBytes: number;
  readonly loss: number;
}

console.log = console.error; // stdout is for answers
console.info = console.error;

// Garbage that V8 has not collected yet says nothing about training.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let advance: ((to: number) => Promise<MemorySample>) | undefined;

await answerLines({
  async prepare(details) {
    const { backend, optimizer, config } = details as unknown as Question;
    await useBackend(backend);
    advance = createTraining(optimizer, config);
    return {};
  },
  /** Trains to step `to`, and reads memory there. */
  async advance({ to }) {
    if (advance === undefined) throw new Error('prepare comes first');
    return { ...(await advance(to as number)) };
  },
});
await releaseBackend();

/** Training as any user would write it, with the package's own loop. */
function createTraining(name: OptimizerName, config: TrainingMemoryConfig) {
  const { width, layers, heads, sequence, batch } = config;
  const streams = new RandomStreams(0);
  const corpus = storyCorpus();
  const vocabulary = corpus.vocabulary.size;
  const model = new LanguageModel(
    { vocabulary, contextLength: sequence, width, layers, heads, dropout: 0.1 },
    streams,
  );
  const optimizer = name === 'came' ? new CAME({ learningRate: 1e-4 }) : new AdamW({ learningRate: 1e-3 });
  const step = makeTrainStep({ model, optimizer, clipNorm: 1 });
  const nextBatch = () => randomWindows(corpus.train, { batchSize: batch, context: sequence }, streams.data);
  let done = 0;
  return async (to: number): Promise<MemorySample> => {
    const { loss } = await train({ step, nextBatch, startStep: done, steps: to });
    done = to;
    collectGarbage();
    return {
      step: done,
      tensors: tf.memory().numTensors,
      residentBytes: process.memoryUsage.rss(),
      loss: loss as number,
    };
  };
}
