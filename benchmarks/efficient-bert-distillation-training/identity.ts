import { createHash } from 'node:crypto';
import type { CellContext } from '../../src/experiment/experiment.ts';
import type { Json } from '../../src/training/index.ts';

/** Settings that touch no training. */
const NOT_TRAINING = ['dataDir', 'saveTo', 'timesSmaller', 'timesFaster', 'shareKept'];

/** What a checkpoint must agree with to be continued. */
export function identityOf(
  seed: number,
  { config, backend, data }: Pick<CellContext, 'config' | 'backend' | 'data'>,
): Json {
  const settings = Object.entries(config).filter(([key]) => !NOT_TRAINING.includes(key));
  const digest = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  return { seed, settings: digest, text: data?.sha256 ?? null, backend: backend.name };
}
