import type { Cell } from '../../src/experiment/cells.ts';
import { type CellContext, type CellRunner, Interrupted } from '../../src/experiment/experiment.ts';
import { startOwn } from '../own-process.ts';
import type { TrainingMemoryConfig } from './config.ts';
import type { MemorySample, OptimizerName, Question } from './worker.ts';

/** Training with one optimizer. */
export interface MemoryCell extends Cell {
  readonly id: OptimizerName;
}

export function startCells(
  context: CellContext<TrainingMemoryConfig>,
): CellRunner<MemoryCell, readonly MemorySample[]> {
  return { run: ({ id }) => trainApart(id, context), dispose() {} };
}

/** Trains in a process of its own, whose memory is read. */
async function trainApart(
  optimizer: OptimizerName,
  { config, backend, progress, signal }: CellContext<TrainingMemoryConfig>,
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
  progress.expect(Math.floor(config.steps / config.every));
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
