import type { Cell } from '../../src/experiment/cells.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import type { StoredComparison } from '../../src/experiment/stored-comparison.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { ARCHITECTURE_NAMES, isArchitecture } from '../efficient-bert-models/model-names.ts';

export const BASELINE = 'bert-base';
export const OURS = 'efficient-bert';

export type LatencyConfig = {
  /** Architectures; bert-base, to which all are compared, is among them. */
  readonly models: readonly string[];
  readonly batchSizes: readonly number[];
  /** L, all of it text: no padding. */
  readonly lengths: readonly number[];
  /** Widths are divided by it, and the vocabulary; 1 is the published size. */
  readonly reducedBy: number;
  readonly rounds: number;
  readonly extraRounds: number;
  /** How long a contestant computes in one round, at most `maximumSteps` times. */
  readonly sectionSeconds: number;
  readonly maximumSteps: number;
  readonly othersLimit: number;
  /** Milliseconds between contestants. */
  readonly pause: number;
  /** The claim: EfficientBERT so many times as fast as BERT-base at batch 1, L 128; BERT-base at most so many times PyTorch's time. */
  readonly ratio: number;
  readonly torchRatio: number;
};

const laptop: LatencyConfig = {
  models: ARCHITECTURE_NAMES.filter((name) => name !== 'efficient-bert-plus'), // the shape of efficient-bert
  batchSizes: [1, 8],
  lengths: [128, 384],
  reducedBy: 1,
  rounds: 5,
  extraRounds: 5,
  sectionSeconds: 0.5,
  maximumSteps: 10,
  othersLimit: 0.1,
  pause: 200,
  ratio: 4.4,
  torchRatio: 1,
};

export const presets: Readonly<Record<Preset, LatencyConfig>> = {
  smoke: {
    ...laptop,
    models: ['bert-base', 'efficient-bert'],
    batchSizes: [1],
    lengths: [16],
    reducedBy: 12,
    rounds: 2,
    extraRounds: 0,
    sectionSeconds: 0.02,
    othersLimit: 1,
    pause: 0,
  },
  laptop,
  paper: { ...laptop, rounds: 11, extraRounds: 11, sectionSeconds: 2, maximumSteps: 50 },
};

export function check(config: LatencyConfig): void {
  const { models, batchSizes, lengths, ratio, torchRatio } = config;
  for (const name of models)
    demand(isArchitecture(name), 'models', name, `among ${ARCHITECTURE_NAMES.join(', ')}`);
  demand(models.includes(BASELINE), 'models', models, `a list with ${BASELINE}, to which all are compared`);
  for (const [key, list] of Object.entries({ models, batchSizes, lengths }))
    demand(new Set<unknown>(list).size === list.length, key, list, 'different');
  demandCounts(config, ['batchSizes', 'lengths', 'reducedBy', 'rounds', 'maximumSteps']);
  demand(Math.max(...lengths) <= 512, 'lengths', lengths, 'at most 512, the positions of the models');
  demand(ratio > 0, 'ratio', ratio, 'above 0');
  demand(torchRatio > 0, 'torchRatio', torchRatio, 'above 0');
}

/** One shape of input, for all models in turn. */
export interface LatencyCell extends Cell {
  readonly batch: number;
  readonly length: number;
}

/** The claim's shape comes first. */
export function latencyCells({ batchSizes, lengths }: LatencyConfig): LatencyCell[] {
  return batchSizes.flatMap((batch) =>
    lengths.map((length) => ({ id: `B${batch}-L${length}`, batch, length })),
  );
}

export interface MeasuredModel {
  readonly name: string;
  /** Without pooler and heads, with the map to the teacher's width where there is one: the paper's way. */
  readonly parameters: number;
  /** Of one sequence. */
  readonly macs: number;
  /** Largest difference between PyTorch's states of the first token and ours; null: not compared. */
  readonly difference: number | null;
  /** The same of onnxruntime-node's. */
  readonly onnxDifference: number | null;
}

export interface LatencyResult {
  readonly cell: LatencyCell;
  readonly models: readonly MeasuredModel[];
  /** Contestants are `<model> captured`, `<model> eager`, `<model> PyTorch`, `<model> onnxruntime`. */
  readonly comparison: StoredComparison;
  /** PyTorch's version and form; null without. */
  readonly torch: string | null;
  /** onnxruntime-node's version; null without. */
  readonly onnx: string | null;
  /** Why it was not timed; else null. */
  readonly onnxAbsent: string | null;
}

export const FORMS = ['captured', 'eager', 'PyTorch', 'onnxruntime'] as const;
export type Form = (typeof FORMS)[number];

export function contestantName(model: string, form: Form): string {
  return `${model} ${form}`;
}
