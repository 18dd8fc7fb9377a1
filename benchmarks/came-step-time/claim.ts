import type { Verdict } from '../../src/experiment/experiment.ts';
import { type Bar, judge } from '../bar.ts';
import { BERT_BASE_PARAMETERS } from '../step-timing/shapes.ts';
import { presets, type StepTimeConfig } from './config.ts';
import type { RestoredResult } from './restore.ts';

export const BARS: readonly Bar[] = [
  { metric: 'bert.came.in-place.speedup.authors', atLeast: 1 / 0.12 },
  { metric: 'bert.came.in-place.speedup.adamw-fused', atLeast: 1 / 1.5 },
  { metric: 'bert.came.in-place.triadBandwidthShare', atLeast: 0.6 },
  { metric: 'bert.came.captured.speedup.authors', atLeast: 1 / 0.5 },
  { metric: 'bert.came.captured.speedup.adamw-captured', atLeast: 1 / 1.6 },
  { metric: 'training.came.speedup.adamw', atLeast: 1 / 1.03 },
  { metric: 'loops.wasm.came.speedup', atLeast: 5 },
  { metric: 'loops.js.came.speedup', atLeast: 10 },
];

/** The cells from which the bars come. */
const CLAIMED = ['bert-came', 'training', 'loops-wasm-came', 'loops-js-came'];

export function judgeClaim(
  metrics: Readonly<Record<string, number>>,
  results: readonly RestoredResult[],
  config: StepTimeConfig,
): { verdict: Verdict; reason: string } {
  return judge(BARS, metrics, whyInvalid(results, config));
}

/** Cells that others disturbed and of which the claim says nothing. */
export function disturbedBesideClaim(results: readonly RestoredResult[]): string[] {
  return busyCells(results).filter((id) => !CLAIMED.includes(id));
}

function busyCells(results: readonly RestoredResult[]): string[] {
  return results.filter(({ comparison }) => !comparison.valid).map(({ cell }) => cell.id);
}

function whyInvalid(
  results: readonly RestoredResult[],
  { training, loops, othersLimit }: StepTimeConfig,
): string | undefined {
  const busy = busyCells(results).filter((id) => CLAIMED.includes(id));
  if (busy.length > 0) {
    return (
      `The machine was busy in ${busy.join(', ')}: in too many rounds other processes used more than ` +
      `${100 * othersLimit} % of the cores. The times are not valid; run again when it is idle.`
    );
  }
  const bert = results.find(({ cell }) => cell.id === 'bert-came');
  if (bert !== undefined && bert.parameters < BERT_BASE_PARAMETERS) {
    return `The claim is about BERT-Base; ${bert.parameters} parameters say nothing of it.`;
  }
  const claimed = presets.laptop;
  for (const key of ['width', 'layers', 'sequence', 'batch'] as const) {
    if (training[key] >= claimed.training[key]) continue;
    return `The claim is about a training step of ${key} ${claimed.training[key]}; ${training[key]} says nothing of it.`;
  }
  if (loops.tensors === claimed.loops.tensors && String(loops.shape) === String(claimed.loops.shape))
    return undefined;
  return `The claim is about loops over 100 tensors of 16×16; ${loops.tensors} of ${loops.shape.join('×')} say nothing of it.`;
}
