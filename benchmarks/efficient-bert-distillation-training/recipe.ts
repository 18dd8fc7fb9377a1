/** How long something is trained, and how fast. Light: no TensorFlow.js. */
import type { Config } from '../../src/experiment/config.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';

export type TrainingLength = {
  /** Passes over the data; parts of one, too. */
  readonly epochs: number;
  /** The rate after the warm-up, over the first tenth of the steps; linear decay to zero follows. */
  readonly learningRate: number;
  readonly batchSize: number;
};

/** @param names of lengths in the configuration */
export function checkLengths(config: Config, names: readonly string[]): void {
  for (const name of names) {
    const { epochs, learningRate, batchSize } = config[name] as TrainingLength;
    demand(epochs > 0, `${name}.epochs`, epochs, 'above 0');
    demand(learningRate > 0, `${name}.learningRate`, learningRate, 'above 0');
    demandCounts({ [`${name}.batchSize`]: batchSize }, [`${name}.batchSize`]);
  }
}
