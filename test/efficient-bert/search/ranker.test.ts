import { describe, expect, it } from 'vitest';
import type { SearchState } from '../../../methods/efficient-bert/search/index.ts';
import { type Interval, pairedDifference } from '../../../src/experiment/statistics.ts';
import { bestScore, search, smallProblem } from './landscape.ts';

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
