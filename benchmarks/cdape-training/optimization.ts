import type { ParameterOwner } from '../../src/nn/index.ts';
import { AdamW, type Optimizer } from '../../src/optimizers/index.ts';
import { scheduleOf } from './schedule.ts';

/** How a model is trained, the same for every encoding. */
export type OptimizationConfig = {
  readonly steps: number;
  readonly batchSize: number;
  /** The rate after the warm-up. */
  readonly learningRate: number;
  /** Linear warm-up, as a share of the steps. */
  readonly warmupShare: number;
  /** The rate at the end, as a share of the peak: cosine decay; 1 for a constant rate. */
  readonly finalShare: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Decoupled; not of biases and LayerNorm. */
  readonly weightDecay: number;
  /** Global gradient norm. */
  readonly clipNorm: number;
  /** How many points the learning curve has; there is a checkpoint at each. */
  readonly curvePoints: number;
};

/**
 * ε is 1e-8. What decays is what says so: all but biases and LayerNorm, as in the authors' code; the scalars of FIRE and the numbers of
 * Kerple do.
 */
export function makeAdamW(config: OptimizationConfig, model: Pick<ParameterOwner, 'parameters'>): Optimizer {
  const { beta1, beta2, weightDecay } = config;
  const decaying = model.parameters().filter(({ decay }) => decay);
  const names = new Set(decaying.map(({ variable }) => variable.name));
  const decay = (name: string) => names.has(name);
  return new AdamW({ learningRate: scheduleOf(config), beta1, beta2, weightDecay, decay, epsilon: 1e-8 });
}
