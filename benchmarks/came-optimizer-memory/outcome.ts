import type { Outcome, OutcomeContext } from '../../src/experiment/experiment.ts';
import { type Bar, judge } from '../bar.ts';
import {
  type ContestantName,
  contestantTitles,
  type MemoryResult,
  type OptimizerMemoryConfig,
} from './config.ts';
import { models } from './models.ts';

const MEBIBYTE = 2 ** 20;

export const BARS: readonly Bar[] = [
  { metric: 'came.state.ratio', atMost: 0.503 },
  { metric: 'came.footprint.bytesPerParameter', atMost: 12.1 },
];

export async function outcome(
  { config, backend }: OutcomeContext<OptimizerMemoryConfig>,
  results: ReadonlyMap<string, MemoryResult>,
): Promise<Outcome> {
  const found = [...results].map(([id, result]) => ({ id: id as ContestantName, result }));
  const metrics: Record<string, number> = {};
  for (const { id, result } of found) {
    metrics[`${id}.state.MiB`] = result.stateBytes / MEBIBYTE;
    metrics[`${id}.transient.MiB`] = result.transientBytes / MEBIBYTE;
    metrics[`${id}.footprint.bytesPerParameter`] = footprint(result);
    for (const [model, bytes] of Object.entries(result.computed)) {
      metrics[`${id}.computed.${model}.MiB`] = bytes / MEBIBYTE;
    }
  }
  const [came, adamw] = [results.get('came'), results.get('adamw')];
  if (came && adamw) metrics['came.state.ratio'] = came.stateBytes / adamw.stateBytes;
  const wanted = config.model === 'bert-base' && backend.nativeKernels;
  const notTested = wanted
    ? undefined
    : `The claim is about BERT-Base with the native kernels; this was ${models[config.model]?.title} on ${backend.name}${backend.nativeKernels ? '' : ' without them'}.`;
  const title = models[config.model]?.title;
  return {
    ...judge(BARS, metrics, notTested),
    metrics,
    tables: [
      {
        title: `Measured on ${title}'s weights`,
        columns: [
          { title: 'optimizer' },
          { title: 'state MiB', digits: 2 },
          { title: 'transient peak MiB', digits: 2 },
          { title: 'weights + gradients + state + peak, MiB', digits: 2 },
          { title: 'bytes per parameter', digits: 2 },
        ],
        rows: found.map(({ id, result }) => [
          contestantTitles[id],
          result.stateBytes / MEBIBYTE,
          result.transientBytes / MEBIBYTE,
          (footprint(result) * result.parameters) / MEBIBYTE,
          footprint(result),
        ]),
        note:
          `As TensorFlow.js counts it, eager steps on ${backend.name}${backend.nativeKernels ? ' with native kernels' : ''}: ` +
          'CAME and AdamW work in place, the others operation by operation. Activations are not in it.',
      },
      {
        title: 'State by model, from shapes alone, MiB of float32',
        columns: [
          { title: 'optimizer' },
          ...Object.values(models).map((model) => ({ title: model.title, digits: 2 })),
        ],
        rows: found.map(({ id, result }) => [
          contestantTitles[id],
          ...Object.keys(models).map((model) => (result.computed[model] as number) / MEBIBYTE),
        ]),
        note: 'Weights tied as their authors tie them; Muon leaves embeddings, heads and vectors to AdamW.',
      },
    ],
    charts: [],
    rows: found.map(({ id, result: { computed, ...measured } }) => ({
      optimizer: id,
      ...measured,
      ...Object.fromEntries(Object.entries(computed).map(([model, bytes]) => [`computed ${model}`, bytes])),
    })),
  };
}

/** Bytes per parameter of weights, gradients, state and the peak of a step. */
function footprint({
  parameters,
  weightBytes,
  gradientBytes,
  stateBytes,
  transientBytes,
}: MemoryResult): number {
  return (weightBytes + gradientBytes + stateBytes + transientBytes) / parameters;
}
