import type { Preset } from '../../src/experiment/experiment.ts';
import {
  checkModelSizes,
  checkOptimization,
  demand,
  demandCounts,
  type ModelSizes,
} from '../cdape-training/demand.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';
import type { OptimizationConfig } from '../cdape-training/optimization.ts';

export type RecallConfig = ModelSizes &
  OptimizationConfig & {
    /** Of the table of methods/cdape, or `all`. Those that begin with cdape- are what the claim is about, all others its rivals. */
    readonly encodings: readonly string[];
    /** How many different keys and values there are. */
    readonly keys: number;
    readonly values: number;
    /** Pairs in a sequence of training; one of these numbers for each batch. */
    readonly trainPairs: readonly number[];
    /** Pairs in a sequence of the test. */
    readonly testPairs: readonly number[];
    /** Sequences for each of those numbers. */
    readonly testSequences: number;
    /** Standard deviation of the initial embeddings and kernels. */
    readonly initialDeviation: number;
    /** CDAPE has to have at least this share right … */
    readonly reach: number;
    /** … at so many pairs, with every seed; */
    readonly reachPairs: number;
    /** and no rival more than this share … */
    readonly ceiling: number;
    /** … at so many pairs, with any seed. */
    readonly ceilingPairs: number;
  };

const laptop: RecallConfig = {
  encodings: [
    'cdape-none',
    'cdape-kerple',
    'dape-none',
    'dape-kerple',
    'none',
    'sinusoidal',
    'rope',
    't5',
    'alibi',
    'kerple',
    'fire',
  ],
  keys: 128,
  values: 16,
  trainPairs: [4, 8, 12, 16],
  testPairs: [4, 8, 16, 32, 64, 128],
  testSequences: 256,
  width: 64,
  layers: 1,
  heads: 4,
  hiddenWidth: 16,
  kernelSize: 3,
  initialDeviation: 0.02,
  // Four times what CDAPE needs; rivals have stopped to improve on sequences that they have not seen long before.
  steps: 800,
  batchSize: 64,
  learningRate: 2e-3,
  warmupShare: 0.05,
  // Cosine decay: at a constant rate Adam goes on making large steps where the loss is nearly 0, and of the twelve runs of CDAPE with seeds
  // 0 to 5 two ended below 99 % of 128 pairs (96.5 and 98.8 %); with it none did.
  finalShare: 0.1,
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0,
  clipNorm: 1,
  curvePoints: 20,
  reach: 0.99,
  reachPairs: 128,
  ceiling: 0.4,
  ceilingPairs: 8,
};

export const presets: Readonly<Record<Preset, RecallConfig>> = {
  // Small enough for a test of the claim in every build, with bars of its own size.
  smoke: {
    ...laptop,
    encodings: ['cdape-none', 'dape-none'],
    keys: 32,
    values: 8,
    trainPairs: [2, 4, 6],
    testPairs: [2, 4, 8, 16],
    width: 32,
    heads: 2,
    hiddenWidth: 8,
    steps: 300,
    batchSize: 32,
    learningRate: 4e-3,
    reach: 0.95,
    reachPairs: 16,
  },
  laptop,
  // The paper has a proposition here and no experiment: this is ours with every encoding, for longer.
  paper: { ...laptop, encodings: ['all'], steps: 2000, testSequences: 1024 },
};

export function check(config: RecallConfig): void {
  const encodings = chosenEncodings(config.encodings);
  demand(encodings.length > 0, 'encodings', encodings, 'all, or some of them');
  demandCounts(config, ['keys', 'values', 'trainPairs', 'testPairs', 'testSequences']);
  checkModelSizes(config);
  checkOptimization(config);
  const { keys, trainPairs, testPairs, reach, reachPairs, ceiling, ceilingPairs } = config;
  const most = Math.max(...trainPairs, ...testPairs);
  demand(most <= keys, 'keys', keys, `at least ${most}, the pairs of the longest sequence`);
  for (const [key, pairs] of Object.entries({ trainPairs, testPairs }))
    demand(new Set(pairs).size === pairs.length, key, pairs, 'different numbers');
  for (const [key, pairs] of Object.entries({ reachPairs, ceilingPairs }))
    demand(testPairs.includes(pairs), key, pairs, `one of testPairs, ${testPairs.join(', ')}`);
  for (const [key, share] of Object.entries({ reach, ceiling }))
    demand(share > 0 && share <= 1, key, share, 'above 0 and at most 1');
  demand(config.initialDeviation > 0, 'initialDeviation', config.initialDeviation, 'above 0');
}
