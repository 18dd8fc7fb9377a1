import type { OptimizerName, StepTimeConfig } from './config.ts';
import type { StepTimeCell } from './results.ts';

/** What the claim is about comes first, the bandwidth right after what it is the limit of. */
export function nameCells({ bert, matrices, loops }: StepTimeConfig): StepTimeCell[] {
  const steps = (size: string, optimizers: readonly string[]): StepTimeCell[] =>
    (optimizers as readonly OptimizerName[]).map((optimizer) => ({
      id: `${size}-${optimizer}`,
      kind: 'step',
      size,
      optimizer,
    }));
  const inClaim = (name: string) => name === 'came';
  return [
    ...steps('bert', bert.optimizers.filter(inClaim)),
    { id: 'bandwidth', kind: 'bandwidth' },
    { id: 'training', kind: 'training' },
    ...loops.backends.flatMap((backend) =>
      loops.optimizers.map(
        (optimizer): StepTimeCell => ({
          id: `loops-${backend}-${optimizer}`,
          kind: 'loops',
          backend: backend as 'wasm' | 'js',
          optimizer: optimizer as OptimizerName,
        }),
      ),
    ),
    ...steps(
      'bert',
      bert.optimizers.filter((name) => !inClaim(name)),
    ),
    ...Object.entries(matrices).flatMap(([size, { optimizers }]) => steps(size, optimizers)),
  ];
}
