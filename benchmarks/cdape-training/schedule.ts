import { type Schedule, scheduleFrom } from '../../src/training/schedules.ts';
import type { OptimizationConfig } from './optimization.ts';

/** Linear warm-up, then cosine decay. Light: no TensorFlow.js. */
export function scheduleOf(config: OptimizationConfig): Schedule {
  const { steps: total, learningRate: peak, finalShare } = config;
  return scheduleFrom({
    kind: 'cosine',
    peak,
    warmup: warmupSteps(config),
    total,
    final: finalShare * peak,
  });
}

/** Of the plan. */
export function describeSchedule(config: OptimizationConfig): string {
  const { steps, learningRate: peak, finalShare, beta1, beta2, weightDecay, clipNorm, batchSize } = config;
  const after = finalShare === 1 ? 'then constant' : `then by a cosine to ${rate(finalShare * peak)}`;
  return (
    `Training: ${whole(steps)} steps of ${batchSize} sequences; learning rate up to ${rate(peak)} over ${whole(warmupSteps(config))} ` +
    `steps, ${after}; AdamW(${beta1}, ${beta2}), weight decay ${weightDecay}, gradients clipped to norm ${clipNorm}`
  );
}

function warmupSteps({ warmupShare, steps }: OptimizationConfig): number {
  return Math.round(warmupShare * steps);
}

/** 6e-4, and not 0.00006000000000000001. */
function rate(value: number): string {
  return Number(value.toPrecision(6)).toExponential();
}

function whole(value: number): string {
  return value.toLocaleString('en-US');
}
