import type { TextFile } from '../../src/data/text-file.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { loadCorpus } from '../came-training/corpus.ts';
import {
  checkModelSizes,
  checkOptimization,
  demand,
  demandCounts,
  type ModelSizes,
} from '../cdape-training/demand.ts';
import { chosenEncodings } from '../cdape-training/encodings.ts';
import type { OptimizationConfig } from '../cdape-training/optimization.ts';

/** What is trained, on what, and how it is tested: the same for everybody who is compared. */
export type LanguageTask = ModelSizes &
  OptimizationConfig & {
    /** Tokens in a window of training. */
    readonly context: number;
    /** Tested at so many times that length; 1 among them. */
    readonly factors: readonly number[];
    /** `end-aligned`, `last` or `whole`: see src/data/scored-windows.ts. */
    readonly protocol: string;
    /** Tokens that are scored at the end of each window. */
    readonly scored: number;
    /** Windows at each length, where the text has so many. */
    readonly windows: number;
    /** Query rows that attention treats at once in the test: memory, not results. */
    readonly queryBlock: number;
    /** Rows of the token embedding; 0 for as many as the text has tokens. */
    readonly vocabularyRows: number;
    /**
     * Standard deviation of the initial embeddings and kernels, over √(2L) for the last kernel of each branch; 0 for √(2/5D) and 2/(L√D),
     * the small_init and wang_init of the authors' code.
     */
    readonly initialDeviation: number;
    /** Length of the generated text where no --data is given. */
    readonly storyCharacters: number;
  };

export type ExtrapolationConfig = LanguageTask & {
  /** Of the table of methods/cdape, or `all`. */
  readonly encodings: readonly string[];
  /** What the claim says: perplexities rise in this order … */
  readonly order: readonly string[];
  /** … at so many times the training length. */
  readonly orderFactor: number;
};

const laptop: ExtrapolationConfig = {
  encodings: ['cdape-kerple', 'dape-kerple', 'kerple', 'rope', 'alibi', 'cdape-none', 'none'],
  width: 128,
  layers: 3,
  heads: 4,
  hiddenWidth: 16,
  kernelSize: 3,
  context: 32,
  factors: [1, 2, 4, 8, 16],
  protocol: 'end-aligned',
  scored: 32,
  windows: 128,
  queryBlock: 256,
  vocabularyRows: 0,
  initialDeviation: 0,
  storyCharacters: 1_000_000,
  steps: 800,
  batchSize: 16,
  learningRate: 2e-3,
  warmupShare: 0.02,
  finalShare: 0.1,
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0.1,
  clipNorm: 1,
  curvePoints: 20,
  order: ['cdape-kerple', 'dape-kerple', 'kerple', 'rope'],
  orderFactor: 8,
};

export const presets: Readonly<Record<Preset, ExtrapolationConfig>> = {
  smoke: {
    ...laptop,
    width: 16,
    layers: 1,
    heads: 2,
    hiddenWidth: 4,
    context: 8,
    scored: 8,
    windows: 8,
    storyCharacters: 20_000,
    steps: 20,
    batchSize: 4,
    curvePoints: 4,
  },
  laptop,
  // "125M" of the paper, at 512; `--set context=128 factors=1,2,4,8,16,32,64` and `context=1024 factors=1,2,4,8` are its others.
  paper: {
    ...laptop,
    encodings: [
      'none',
      'rope',
      't5',
      'alibi',
      'kerple',
      'fire',
      'cope',
      'transformer-xl',
      'dape-kerple',
      'cdape-none',
      'cdape-rope',
      'cdape-alibi',
      'cdape-kerple',
      'cdape-fire',
    ],
    width: 768,
    layers: 12,
    heads: 12,
    hiddenWidth: 32,
    context: 512,
    scored: 256,
    windows: 1024,
    vocabularyRows: 50_304,
    storyCharacters: 20_000_000,
    steps: 50_000,
    batchSize: 256,
    learningRate: 6e-4,
    warmupShare: 0.01,
    curvePoints: 100,
  },
};

/** Refuses settings that the run could not use, naming the one that is wrong; and a text that is too short. */
export function check(config: ExtrapolationConfig, data: TextFile | undefined): void {
  const { factors, orderFactor, order } = config;
  demand(chosenEncodings(config.encodings).length > 0, 'encodings', config.encodings, 'all, or some of them');
  chosenEncodings(order);
  demand(order.length > 1, 'order', order, 'two encodings or more');
  checkLanguageTask(config, data);
  demand(factors.includes(orderFactor), 'orderFactor', orderFactor, `one of factors, ${factors.join(', ')}`);
}

export function checkLanguageTask(config: Config & LanguageTask, data: TextFile | undefined): void {
  demandCounts(config, ['context', 'factors', 'scored', 'windows', 'queryBlock', 'storyCharacters']);
  checkModelSizes(config);
  checkOptimization(config);
  const { factors, protocol, initialDeviation, vocabularyRows } = config;
  demand(new Set(factors).size === factors.length, 'factors', factors, 'different numbers');
  demand(factors.includes(1), 'factors', factors, 'such that 1 is among them');
  const protocols = ['end-aligned', 'last', 'whole'];
  demand(protocols.includes(protocol), 'protocol', protocol, `one of ${protocols.join(', ')}`);
  demand(initialDeviation >= 0, 'initialDeviation', initialDeviation, 'at least 0');
  const corpus = loadCorpus({ ...config, context: longestOf(config) }, data);
  const { size } = corpus.vocabulary;
  const rowsFit = vocabularyRows === 0 || (Number.isSafeInteger(vocabularyRows) && vocabularyRows >= size);
  demand(rowsFit, 'vocabularyRows', vocabularyRows, `0, or at least the ${size} tokens of the text`);
}

/** Tokens of the longest window. */
export function longestOf({ context, factors }: Pick<LanguageTask, 'context' | 'factors'>): number {
  return context * Math.max(...factors);
}

/** Of the initial embeddings and kernels, and of the last kernel of each branch. */
export function deviationsOf({
  initialDeviation,
  width,
  layers,
}: Pick<LanguageTask, 'initialDeviation' | 'width' | 'layers'>): {
  readonly initialDeviation: number;
  readonly lastDeviation: number;
} {
  if (initialDeviation > 0)
    return { initialDeviation, lastDeviation: initialDeviation / Math.sqrt(2 * layers) };
  return { initialDeviation: Math.sqrt(2 / (5 * width)), lastDeviation: 2 / (layers * Math.sqrt(width)) };
}
