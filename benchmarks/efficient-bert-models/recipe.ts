/** How a model is fine-tuned. Light: no TensorFlow.js. */
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';

export const OPTIMIZER_NAMES = [
  'adamw',
  'came',
  'adafactor',
  'adam-mini',
  'lamb',
  'lion',
  'sm3',
  'sgd-momentum',
] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

export type Recipe = {
  readonly optimizer: string;
  readonly batchSize: number;
  readonly epochs: number;
  /** The rate after the warm-up. */
  readonly learningRate: number;
  /** Linear warm-up, as a share of the steps; linear decay to zero follows. */
  readonly warmupShare: number;
  /** Decoupled, on matrices only. */
  readonly weightDecay: number;
  /** Global gradient norm. */
  readonly clipNorm: number;
  /** Of everything, for models that are drawn anew; a model from a folder has its own. */
  readonly dropout: number;
  /** How often the dev set is looked at, and a checkpoint written. */
  readonly evaluations: number;
  /** L: longer texts are cut. */
  readonly length: number;
};

/** That of the issue: BERT's, with decay and clipping. */
export const BERT_RECIPE: Recipe = {
  optimizer: 'adamw',
  batchSize: 32,
  epochs: 2,
  learningRate: 5e-5,
  warmupShare: 0.1,
  weightDecay: 0.01,
  clipNorm: 1,
  dropout: 0.1,
  evaluations: 10,
  length: 64,
};

export function checkRecipe(recipe: Recipe): void {
  demandCounts(recipe, ['batchSize', 'evaluations', 'length']);
  const { optimizer, epochs, learningRate, warmupShare, weightDecay, clipNorm, dropout } = recipe;
  const known: readonly string[] = OPTIMIZER_NAMES;
  const near = nearMatches(optimizer, known);
  demand(known.includes(optimizer), 'optimizer', `${optimizer}.${near}`, `one of ${known.join(', ')}`);
  demand(epochs > 0, 'epochs', epochs, 'above 0');
  demand(learningRate > 0, 'learningRate', learningRate, 'above 0');
  demand(warmupShare >= 0 && warmupShare < 1, 'warmupShare', warmupShare, 'at least 0 and below 1');
  demand(weightDecay >= 0, 'weightDecay', weightDecay, 'at least 0');
  demand(clipNorm > 0, 'clipNorm', clipNorm, 'above 0');
  demand(dropout >= 0 && dropout < 1, 'dropout', dropout, 'at least 0 and below 1');
}

export function stepsOf({ epochs, batchSize }: Recipe, examples: number): number {
  return Math.max(1, Math.round((epochs * examples) / batchSize));
}
