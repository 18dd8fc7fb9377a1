import { describe, expect, it } from 'vitest';
import { printExpression } from '../../../methods/efficient-bert/index.ts';
import {
  type Layers,
  SEARCH_MODES,
  SearchSpace,
  type SearchState,
  type StageName,
} from '../../../methods/efficient-bert/search/index.ts';
import { fitPartition, isOnPath, partitionPath } from '../../../methods/efficient-bert/search/partition.ts';
import { tuneClassifier } from '../../../methods/efficient-bert/search/tuned-classifier.ts';
import { type Interval, meanInterval, pairedDifference } from '../../../src/experiment/statistics.ts';
import { RandomStream } from '../../../src/random/index.ts';
import { bestScore, landscape, search, smallProblem } from './landscape.ts';

/** Candidates before the partition is learned, and in all. */
const FIRST = 40;
const TOTAL = 80;
const SEEDS = [0, 1, 2, 3, 4, 5];

const laterMean = ({ scored }: SearchState) => {
  const later = scored.slice(FIRST);
  return later.reduce((sum, { score }) => sum + score, 0) / later.length;
};

/** The learned search and random choice with the same budget, the same seeds and the same first candidates. */
function against(stage: 'stage-2' | 'stage-3'): { mean: Interval; best: Interval } {
  const run = (initialCandidates: number) =>
    SEEDS.map((seed) =>
      search(
        smallProblem(stage, 'mended', { seed, initialCandidates, interval: 10, totalCandidates: TOTAL }),
      ),
    );
  const [learned, random] = [run(FIRST), run(TOTAL)];
  learned.forEach(({ scored }, i) => {
    expect(scored.slice(0, FIRST)).toEqual(random[i]?.scored.slice(0, FIRST));
  });
  return {
    mean: pairedDifference(learned.map(laterMean), random.map(laterMean)),
    best: pairedDifference(learned.map(bestScore), random.map(bestScore)),
  };
}

describe('the learned search on a made-up landscape', () => {
  // Its spread over random candidates is 0.04 to 0.06. A 95 % interval over six seeds.
  it.each(['stage-2', 'stage-3'] as const)('proposes better candidates than random choice in %s', (stage) => {
    const { mean, best } = against(stage);
    expect(mean.low).toBeGreaterThan(0.01);
    expect(best.mean).toBeGreaterThan(0);
  });
});

/** By how much the architectures that the partition lets pass are better than those that it is asked about, in units of the score. */
function gain(stage: StageName, seed: number, trained: number): number {
  const space = new SearchSpace(smallProblem(stage, 'mended', { seed }));
  const stream = RandomStream.fromSeed(seed, 'ranker');
  const scoreOf = (layers: Layers) => landscape(seed)(layers.map(printExpression));
  const draw = (count: number) => Array.from({ length: count }, () => space.draw([], stream) as Layers);
  const known = draw(trained);
  const { tuning } = SEARCH_MODES.mended;
  const path = partitionPath(
    fitPartition(
      known.map((layers) => space.features(layers)),
      known.map(scoreOf),
      {
        height: 1,
        equalScores: 'leaf',
        learn: (x, good) => tuneClassifier(x, good, tuning, stream)?.classifier,
      },
    ),
  );
  const asked = draw(200);
  const passed = asked.filter((layers) => isOnPath(path, space.features(layers)));
  const mean = (all: readonly Layers[]) => all.reduce((sum, layers) => sum + scoreOf(layers), 0) / all.length;
  return passed.length === 0 ? 0 : mean(passed) - mean(asked);
}

describe('the partition alone, from 80 random architectures', () => {
  it.each(['stage-1', 'stage-2', 'stage-3'] as const)(
    'lets pass what is better than random in %s',
    (stage) => {
      const interval = meanInterval(SEEDS.map((seed) => gain(stage, seed, 80)));
      expect(interval.low).toBeGreaterThan(0);
    },
  );
});
