import type { LineProcess } from '../../src/experiment/line-process.ts';
import { type Peers, startPeer } from '../peers.ts';
import type { FineTuningConfig } from './config.ts';

/** What PyTorch has to know of the recipe. */
export function torchRecipe(config: FineTuningConfig, steps: number): Record<string, number> {
  const { learningRate, warmupShare, weightDecay, clipNorm } = config;
  return { learningRate, weightDecay, clipNorm, warmup: Math.round(warmupShare * steps), steps };
}

/** Starts PyTorch for as long as `use` takes. */
export async function withTorch<R>(peers: Peers, use: (torch: LineProcess) => Promise<R>): Promise<R> {
  const torch = startPeer(peers, 'PyTorch', 'torch_fine_tuning.py');
  try {
    return await use(torch);
  } finally {
    await torch.close();
  }
}
