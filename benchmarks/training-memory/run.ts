import { Interrupted, type Outcome, type RunContext } from '../../src/experiment/experiment.ts';
import { startOwn } from '../own-process.ts';
import type { TrainingMemoryConfig } from './config.ts';
import { report } from './report.ts';
import type { MemorySample, OptimizerName, Question } from './worker.ts';

export interface MemoryResult {
  readonly optimizer: OptimizerName;
  readonly samples: readonly MemorySample[];
}

export async function run(context: RunContext<TrainingMemoryConfig>): Promise<Outcome> {
  const { config, progress } = context;
  progress.expect(2 * Math.floor(config.steps / config.every));
  const results: MemoryResult[] = [];
  for (const optimizer of ['adamw', 'came'] as const) {
    results.push({ optimizer, samples: await trainApart(optimizer, context) });
  }
  return report(results, config);
}

async function trainApart(
  optimizer: OptimizerName,
  { config, backend, progress, signal }: RunContext<TrainingMemoryConfig>,
): Promise<MemorySample[]> {
  if (signal.aborted) throw new Interrupted();
  const process = startOwn(`training with ${optimizer}`, './worker', import.meta.url);
  const stop = () => void process.close();
  signal.addEventListener('abort', stop, { once: true });
  const question: Question = {
    backend: backend.name === 'tensorflow-gpu' ? 'gpu' : backend.name,
    optimizer,
    config,
  };
  try {
    await process.ask('prepare', { ...question });
    const samples: MemorySample[] = [];
    for (let step = config.every; step <= config.steps; step += config.every) {
      const sample = (await process.ask('advance', { to: step })) as unknown as MemorySample;
      samples.push(sample);
      progress.advance({ label: optimizer, step, steps: config.steps, values: { loss: sample.loss } });
    }
    return samples;
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    signal.removeEventListener('abort', stop);
    await process.close();
  }
}
