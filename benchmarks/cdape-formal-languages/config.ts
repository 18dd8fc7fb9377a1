import { formalTask } from '../../src/data/formal-languages/index.ts';
import { type FormalTaskName, formalTaskNames } from '../../src/data/formal-languages/tasks.ts';
import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import {
  checkModelSizes,
  checkOptimization,
  demand,
  demandCounts,
  type ModelSizes,
} from '../cdape-training/demand.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';
import type { OptimizationConfig } from '../cdape-training/optimization.ts';

export type FormalConfig = ModelSizes &
  OptimizationConfig & {
    /** Of the fifteen, or `all`. */
    readonly tasks: readonly string[];
    /** Of the table of methods/cdape, or `all`. */
    readonly encodings: readonly string[];
    /** Lengths of training, one for each batch, each as likely. */
    readonly trainLengths: readonly number[];
    /** Lengths of the test, beyond those; each weighs the same in the score. */
    readonly testLengths: readonly number[];
    /** Sequences at each of them. */
    readonly testSequences: number;
    /** Whether a token sees only those before it. */
    readonly causal: boolean;
    /** Of what attention and MLP add. */
    readonly dropout: number;
    /** Largest position of randomized RoPE, and rows of learned positions. */
    readonly maxLength: number;
    /** What the claim compares. */
    readonly method: string;
    readonly rival: string;
    /** On at least this share of the tasks the method has to be the better one. */
    readonly winShare: number;
  };

const laptop: FormalConfig = {
  tasks: ['even_pairs', 'missing_duplicate_string', 'bucket_sort', 'reverse_string'],
  encodings: ['cdape-kerple', 'dape-kerple', 'kerple', 'alibi', 'rope', 'none'],
  // Few lengths: each is recorded on its own.
  trainLengths: [1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20],
  testLengths: [25, 30, 40, 60, 80, 100],
  testSequences: 256,
  causal: false,
  dropout: 0,
  maxLength: 2048,
  width: 64,
  layers: 2,
  heads: 4,
  hiddenWidth: 16,
  kernelSize: 3,
  steps: 2000,
  batchSize: 64,
  learningRate: 1e-3,
  warmupShare: 0,
  finalShare: 1,
  beta1: 0.9,
  beta2: 0.999,
  weightDecay: 0,
  clipNorm: 1,
  curvePoints: 20,
  method: 'cdape-kerple',
  rival: 'kerple',
  winShare: 8 / 11,
};

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

export const presets: Readonly<Record<Preset, FormalConfig>> = {
  smoke: {
    ...laptop,
    tasks: ['even_pairs', 'stack_manipulation'],
    encodings: ['cdape-kerple', 'kerple'],
    trainLengths: [2, 4, 6],
    testLengths: [8, 12],
    testSequences: 32,
    width: 16,
    heads: 2,
    layers: 1,
    hiddenWidth: 4,
    steps: 30,
    batchSize: 8,
    curvePoints: 5,
  },
  laptop,
  // As the papers of DAPE: 200,000 steps of the original million.
  paper: {
    ...laptop,
    tasks: ['all'],
    encodings: [
      'none',
      'sinusoidal',
      'rope',
      'alibi',
      'kerple',
      'fire',
      'dape-alibi',
      'dape-kerple',
      'dape-fire',
      'cdape-alibi',
      'cdape-kerple',
      'cdape-fire',
    ],
    trainLengths: upTo(1, 40),
    testLengths: upTo(41, 500),
    testSequences: 512,
    layers: 5,
    heads: 8,
    hiddenWidth: 32,
    dropout: 0.1,
    steps: 200_000,
    batchSize: 128,
    learningRate: 1e-4,
    curvePoints: 100,
  },
};

/** What a setting names: a list, or `all`. @throws UserError for an unknown name, or one that stands twice */
export function chosenTasks(setting: readonly string[]): readonly FormalTaskName[] {
  if (setting.length === 1 && setting[0] === 'all') return formalTaskNames;
  for (const [at, name] of setting.entries()) {
    if (!(formalTaskNames as readonly string[]).includes(name)) {
      throw new UserError(
        `tasks: there is no '${name}'.${nearMatches(name, formalTaskNames)} Known are all, or ${formalTaskNames.join(', ')}.`,
      );
    }
    if (setting.indexOf(name) !== at) throw new UserError(`tasks: ${name} stands there twice.`);
  }
  return setting as readonly FormalTaskName[];
}

export function check(config: FormalConfig): void {
  for (const [key, names] of Object.entries({
    tasks: chosenTasks(config.tasks),
    encodings: chosenEncodings(config.encodings),
  }))
    demand(names.length > 0, key, names, 'all, or some of them');
  chosenEncodings([config.method, config.rival]);
  demandCounts(config, ['trainLengths', 'testLengths', 'testSequences', 'maxLength']);
  checkModelSizes(config);
  checkOptimization(config);
  const { trainLengths, testLengths, dropout, winShare } = config;
  const longest = Math.max(...trainLengths);
  demand(
    testLengths.every((length) => length > longest),
    'testLengths',
    testLengths,
    `above ${longest}, the longest of training`,
  );
  for (const [key, lengths] of Object.entries({ trainLengths, testLengths }))
    demand(new Set(lengths).size === lengths.length, key, lengths, 'different numbers');
  checkLongest(config);
  const bothWays = config.causal || !chosenEncodings(config.encodings).includes('cope');
  demand(
    bothWays,
    'encodings',
    config.encodings,
    'without cope, which counts back from a query, or causal true',
  );
  demand(dropout >= 0 && dropout < 1, 'dropout', dropout, 'at least 0 and below 1');
  demand(winShare > 0 && winShare <= 1, 'winShare', winShare, 'above 0 and at most 1');
}

/** Encodings that end somewhere must not end before the longest sequence of the test. */
function checkLongest({ tasks, encodings, testLengths, maxLength }: FormalConfig): void {
  const limited = chosenEncodings(encodings).filter(
    (name) => name === 'learned' || name === 'rope-randomized',
  );
  if (limited.length === 0) return;
  const lengths = chosenTasks(tasks).flatMap((task) =>
    testLengths.map((n) => n + formalTask(task).outputLength(n)),
  );
  const longest = Math.max(...lengths);
  const wanted = `at least ${longest} for ${limited.join(' and ')}: input and output of the longest sequence`;
  demand(maxLength >= longest, 'maxLength', maxLength, wanted);
}
