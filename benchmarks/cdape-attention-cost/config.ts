import type { Cell } from '../../src/experiment/cells.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { checkModelSizes, demand, demandCounts, type ModelSizes } from '../cdape-training/demand.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';

/** All contestants at one length. */
export interface LengthCell extends Cell {
  readonly length: number;
}

export type AttentionCostConfig = ModelSizes & {
  /** Of the table of methods/cdape, or `all`; `none` is plain attention. Each has a process of its own, and all are there at once. */
  readonly encodings: readonly string[];
  /** T */
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
  checkModelSizes(config);
  const { lengths, claimLength } = config;
  demand(lengths.includes(claimLength), 'claimLength', claimLength, `one of lengths, ${lengths.join(', ')}`);
  demand(config.sectionSeconds > 0, 'sectionSeconds', config.sectionSeconds, 'above 0');
}
