import type { Table } from '../../src/experiment/table.ts';
import { finalAccuracy, OURS, PYTORCH, type StepResult, type Trained } from './cells.ts';
import type { FineTuningConfig } from './config.ts';

const NAMES = { ours: 'TensorFlow.js, captured', pytorch: 'PyTorch' } as const;

export function trainingTable(config: FineTuningConfig, trained: readonly Trained[]): Table {
  const { batchSize, learningRate, warmupShare, weightDecay, clipNorm, dropout, length, model } = config;
  const [first] = trained;
  return {
    title: `${model} on SST-2, the whole dev set`,
    columns: [
      { title: 'what' },
      { title: 'seed' },
      { title: 'accuracy', digits: 4 },
      { title: 'best on the way', digits: 4 },
      { title: 'dev loss', digits: 4 },
      { title: 'training loss', digits: 4 },
      { title: 'steps' },
      { title: 'minutes', digits: 1 },
    ],
    rows: trained.map((one) => {
      const { what, seed, curve, steps, seconds } = one;
      const last = curve.at(-1);
      return [
        NAMES[what],
        seed,
        finalAccuracy(one) ?? null,
        curve.length > 0 ? Math.max(...curve.map(({ accuracy }) => accuracy)) : null,
        last?.loss ?? null,
        last?.training ?? null,
        steps,
        seconds / 60,
      ];
    }),
    note:
      `Accuracy is that after the last step. ${first?.trainingExamples ?? 0} examples, ${length} tokens, batch ${batchSize}, ` +
      `AdamW at ${learningRate} with ${100 * warmupShare} % warm-up and linear decay, weight decay ${weightDecay}, gradient norm ` +
      `${clipNorm}, dropout ${dropout}. Weights: ${first?.origin ?? ''}. Each seed begins with the same weights and has the ` +
      'same batches in both.',
  };
}

export function stepTable({ comparison, torch, parameters, captured }: StepResult): Table {
  const ours = comparison.timings[OURS]?.median;
  const forms: Readonly<Record<string, string | null>> = {
    [OURS]: captured ? 'captured, native kernels where there are' : 'eager',
    [PYTORCH]: torch,
  };
  return {
    title: 'One training step, dropout on',
    columns: [
      { title: 'what' },
      { title: 'median ms', digits: 1 },
      { title: 'minimum', digits: 1 },
      { title: '± MAD', digits: 1 },
      { title: 'steps' },
      { title: 'its time ÷ captured', digits: 2 },
      { title: 'form' },
    ],
    rows: Object.entries(comparison.timings).map(([name, { median, minimum, mad, count }]) => [
      name,
      median,
      minimum,
      mad,
      count,
      ours === undefined ? null : median / ours,
      forms[name] ?? null,
    ]),
    note: `Forward, backward, clipping and AdamW of ${parameters.toLocaleString('en-US')} parameters in float32; the loss is read.`,
  };
}
