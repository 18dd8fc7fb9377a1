import { RandomStream } from '../../../src/random/index.ts';
import { type BoostingSettings, type Classifier, fitBoostedTrees } from './boosted-trees.ts';

export interface TuningSettings {
  /** Random configurations of which the one with the lowest validation error is kept. */
  readonly configurations: number;
  readonly rounds: number;
  /** Least rows in a leaf; LightGBM's default is 20. */
  readonly minRows: number;
  /** Range of the least hessian in a leaf. */
  readonly minHessian: readonly [number, number];
  readonly validationShare: number;
  /** The authors' split and configurations are the same ones each time; else they come from the search's stream. */
  readonly sameEachTime: boolean;
  /** What a classifier without skill does: the authors fit again until chance lets one pass; else nothing is filtered. */
  readonly unskilled: 'fit again' | 'filter nothing';
}

/** A fitted classifier and the share of the validation rows that it gets wrong. */
export interface TunedClassifier {
  readonly classifier: Classifier;
  readonly validationError: number;
}

/** The authors fit again while the validation error is no better than chance, with a bar that rises from the hundredth trial on. */
export function errorBar(trial: number): number {
  return 0.5 + Math.max(0, ((trial - 100) / 1000) * 0.3);
}

/**
 * Fits a classifier, or several, and keeps the best on rows held out.
 *
 * @returns undefined where it should filter nothing: one without skill, or too few rows to hold one out
 */
export function tuneClassifier(
  features: readonly (readonly number[])[],
  good: readonly boolean[],
  settings: TuningSettings,
  stream: RandomStream,
): TunedClassifier | undefined {
  if (good.length < 2) return undefined;
  for (let trial = 0; ; trial++) {
    const tuned = fitBest(features, good, settings, stream);
    if (settings.unskilled === 'fit again') {
      if (tuned.validationError < errorBar(trial)) return tuned;
    } else {
      return tuned.validationError < tuned.constantError ? tuned : undefined;
    }
  }
}

function fitBest(
  features: readonly (readonly number[])[],
  good: readonly boolean[],
  settings: TuningSettings,
  stream: RandomStream,
): TunedClassifier & { readonly constantError: number } {
  const { sameEachTime, validationShare } = settings;
  const order = shuffled(good.length, sameEachTime ? RandomStream.fromSeed(1, 'split') : stream);
  const held = Math.ceil(validationShare * good.length);
  const [validation, training] = [order.slice(0, held), order.slice(held)];
  const take = (rows: readonly number[]) =>
    [rows.map((row) => features[row] as readonly number[]), rows.map((row) => good[row] as boolean)] as const;
  const [x, y] = take(training);
  const [heldX, heldY] = take(validation);
  const errorOf = (guess: (values: readonly number[]) => boolean) =>
    heldX.filter((values, i) => guess(values) !== heldY[i]).length / held;

  let best: { readonly validationError: number; readonly configuration: BoostingSettings } | undefined;
  for (const configuration of drawConfigurations(settings, stream)) {
    const classifier = fitBoostedTrees(x, y, configuration, stream);
    const validationError = errorOf((values) => classifier(values) >= 0.5);
    if (!best || validationError < best.validationError) best = { validationError, configuration };
  }
  if (!best) throw new RangeError('At least one configuration must be tried.');
  const majority = y.filter(Boolean).length * 2 >= y.length;
  const constantError = errorOf(() => majority);
  if (sameEachTime) {
    // The authors train once more on the same rows, with new bags, and it is this one's error that counts.
    const classifier = fitBoostedTrees(x, y, best.configuration, stream);
    return { classifier, validationError: errorOf((values) => classifier(values) >= 0.5), constantError };
  }
  const classifier = fitBoostedTrees(features, good, best.configuration, stream);
  return { classifier, validationError: best.validationError, constantError };
}

/**
 * Random configurations within the authors' ranges. Their tuner (TPE) would need twenty of them before it learned from any, and starts
 * from a fixed seed.
 */
export function drawConfigurations(settings: TuningSettings, stream: RandomStream): BoostingSettings[] {
  const drawing = settings.sameEachTime ? RandomStream.fromSeed(1, 'configurations') : stream;
  return Array.from({ length: settings.configurations }, () => drawConfiguration(settings, drawing));
}

function drawConfiguration(
  { rounds, minRows, minHessian }: TuningSettings,
  stream: RandomStream,
): BoostingSettings {
  const between = (low: number, high: number) => low + (high - low) * stream.uniform();
  const oneOf = (values: readonly number[]) => values[stream.integer(values.length)] as number;
  const tenths = (low: number, high: number) => Math.round(10 * between(low, high)) / 10;
  return {
    rounds,
    learningRate: Math.exp(between(Math.log(0.01), Math.log(0.5))),
    maxDepth: oneOf([-1, 2, 3, 4, 5, 6]),
    maxLeaves: Math.floor(10 + (stream.integer(50) * 190) / 49), // 50 whole numbers from 10 to 200
    featureShare: tenths(0.5, 1),
    baggingShare: tenths(0.5, 1),
    baggingInterval: oneOf([0, 5, 11, 16, 22, 27, 33, 38, 44, 50]),
    l1: between(0, 2),
    l2: between(0, 2),
    minHessian: between(...minHessian),
    minRows,
  };
}

function shuffled(count: number, stream: RandomStream): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
