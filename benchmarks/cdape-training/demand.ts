import { UserError } from '../../src/errors.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { OptimizationConfig } from './optimization.ts';

export function demand(holds: boolean, key: string, value: unknown, wanted: string): void {
  if (!holds) throw new UserError(`${key} must be ${wanted}, and is ${value}.`);
}

/** Whole numbers above 0, or lists of them. */
export function demandCounts(config: Config, keys: readonly string[]): void {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  for (const key of keys) {
    const value = config[key];
    const list = Array.isArray(value);
    const holds = list ? value.every(isCount) : isCount(value);
    demand(holds, key, value, list ? 'whole numbers above 0' : 'a whole number above 0');
  }
}

/** The sizes of a Transformer with CDAPE. */
export function checkModelSizes(config: Config & ModelSizes): void {
  demandCounts(config, ['width', 'layers', 'heads', 'hiddenWidth', 'kernelSize']);
  const { width, heads, kernelSize } = config;
  demand(width % heads === 0, 'heads', heads, `a divisor of the width ${width}`);
  demand((width / heads) % 2 === 0, 'heads', heads, 'such that heads have an even width, for RoPE');
  demand(kernelSize % 2 === 1, 'kernelSize', kernelSize, 'odd, so that a kernel has a centre');
}

export type ModelSizes = {
  /** D, L and H. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** w and k of CDAPE; w of DAPE and FIRE, too. */
  readonly hiddenWidth: number;
  readonly kernelSize: number;
};

export function checkOptimization(config: Config & OptimizationConfig): void {
  demandCounts(config, ['steps', 'batchSize', 'curvePoints']);
  const share = (key: 'warmupShare' | 'finalShare', wanted: string, holds: boolean) =>
    demand(holds, key, config[key], wanted);
  share('warmupShare', 'at least 0 and below 1', config.warmupShare >= 0 && config.warmupShare < 1);
  share('finalShare', 'between 0 and 1', config.finalShare >= 0 && config.finalShare <= 1);
  for (const key of ['beta1', 'beta2'] as const)
    demand(config[key] >= 0 && config[key] < 1, key, config[key], 'at least 0 and below 1');
  for (const key of ['learningRate', 'clipNorm'] as const)
    demand(config[key] > 0, key, config[key], 'above 0');
  demand(config.weightDecay >= 0, 'weightDecay', config.weightDecay, 'at least 0');
  demand(config.curvePoints <= config.steps, 'curvePoints', config.curvePoints, 'at most the steps');
}
