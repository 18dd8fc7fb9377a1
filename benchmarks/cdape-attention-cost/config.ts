import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { Cell } from '../../src/experiment/cells.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { checkModelSizes, demand, demandCounts, type ModelSizes } from '../cdape-training/demand.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';

/** A training step of all contestants at one length; or, with `evaluate`, the logits of one sequence by one of them. */
export interface LengthCell extends Cell {
  readonly length: number;
  readonly evaluate?: PositionEncodingName;
}

export type AttentionCostConfig = ModelSizes & {
  /** Of the table of methods/cdape, or `all`; `none` is plain attention. Each has a process of its own, and all are there at once. */
  readonly encodings: readonly string[];
  /** T of a training step. */
  readonly lengths: readonly number[];
  /** B */
  readonly batchSize: number;
  /** V */
  readonly vocabulary: number;
  readonly learningRate: number;
  /** Rounds wanted with the machine to ourselves, and how many may be repeated. */
  readonly rounds: number;
  readonly extraRounds: number;
  /** Timed steps of a contestant in one round: as many as fit in this time, between 1 and `maximumSteps`. */
  readonly sectionSeconds: number;
  readonly maximumSteps: number;
  /** Largest share of the cores that others may use. */
  readonly othersLimit: number;
  /** The length that the claim is about, and what it allows at most. */
  readonly claimLength: number;
  readonly overOfficial: number;
  readonly overKerple: number;
  readonly memoryOverKerple: number;
  /** T of the sequence that Kerple and CDAPE-Kerple evaluate by blocks of query rows, and the rows of a block. */
  readonly evaluationLengths: readonly number[];
  readonly queryBlock: number;
  /** At most so much may a process hold at any of them. */
  readonly evaluationGibibytes: number;
  /** Up to this length all rows are also evaluated at once, and no logit may differ by more. */
  readonly comparedLength: number;
  readonly blockDifference: number;
};

const laptop: AttentionCostConfig = {
  encodings: ['none', 'rope', 'kerple', 'dape-kerple', 'cdape-kerple'],
  lengths: [64, 128, 256],
  batchSize: 8,
  width: 256,
  layers: 4,
  heads: 8,
  hiddenWidth: 32,
  kernelSize: 3,
  vocabulary: 64,
  learningRate: 1e-3,
  rounds: 5,
  extraRounds: 5,
  sectionSeconds: 2,
  maximumSteps: 50,
  othersLimit: 0.03,
  claimLength: 256,
  overOfficial: 0.35,
  overKerple: 1.8,
  memoryOverKerple: 1.5,
  evaluationLengths: [1024, 8192],
  queryBlock: 128,
  evaluationGibibytes: 4,
  comparedLength: 1024,
  blockDifference: 1e-5,
};

export const presets: Readonly<Record<Preset, AttentionCostConfig>> = {
  smoke: {
    ...laptop,
    encodings: ['none', 'kerple', 'cdape-kerple'],
    lengths: [8, 16],
    claimLength: 16,
    batchSize: 2,
    width: 16,
    layers: 1,
    heads: 2,
    hiddenWidth: 4,
    rounds: 2,
    extraRounds: 0,
    sectionSeconds: 0.05,
    evaluationLengths: [16, 32],
    queryBlock: 4,
    comparedLength: 16,
  },
  laptop,
  paper: {
    ...laptop,
    encodings: [
      ...['none', 'rope', 't5', 'alibi', 'kerple', 'fire', 'cope', 'transformer-xl'],
      ...['dape-kerple', 'cdape-none', 'cdape-alibi', 'cdape-kerple', 'cdape-fire'],
    ],
    lengths: [64, 128, 256, 512],
  },
};

export function check(config: AttentionCostConfig): void {
  demand(chosenEncodings(config.encodings).length > 0, 'encodings', config.encodings, 'all, or some of them');
  demandCounts(config, ['lengths', 'batchSize', 'vocabulary', 'rounds', 'maximumSteps']);
  demandCounts(config, ['evaluationLengths', 'queryBlock', 'comparedLength']);
  checkModelSizes(config);
  const { lengths, claimLength } = config;
  demand(lengths.includes(claimLength), 'claimLength', claimLength, `one of lengths, ${lengths.join(', ')}`);
  for (const key of ['evaluationGibibytes', 'blockDifference'] as const)
    demand(config[key] > 0, key, config[key], 'above 0');
  demand(config.sectionSeconds > 0, 'sectionSeconds', config.sectionSeconds, 'above 0');
}

/** What is evaluated on long sequences: the method, and the bias that it stands on. */
const evaluated: readonly PositionEncodingName[] = ['kerple', 'cdape-kerple'];

export function costCells({
  lengths,
  evaluationLengths,
}: Pick<AttentionCostConfig, 'lengths' | 'evaluationLengths'>): LengthCell[] {
  const evaluations = evaluationLengths.flatMap((length) =>
    evaluated.map((evaluate) => ({ id: `evaluate-${evaluate}-T${length}`, length, evaluate })),
  );
  return [...lengths.map((length) => ({ id: `T${length}`, length })), ...evaluations];
}
