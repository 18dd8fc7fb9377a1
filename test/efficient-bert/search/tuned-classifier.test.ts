import { expect, it, vi } from 'vitest';
import { fitBoostedTrees } from '../../../methods/efficient-bert/search/boosted-trees.ts';
import { SEARCH_MODES } from '../../../methods/efficient-bert/search/modes.ts';
import {
  drawConfigurations,
  tuneClassifier,
} from '../../../methods/efficient-bert/search/tuned-classifier.ts';
import { RandomStream } from '../../../src/random/index.ts';

vi.mock(import('../../../methods/efficient-bert/search/boosted-trees.ts'), async (original) => {
  const actual = await original();
  return { ...actual, fitBoostedTrees: vi.fn(actual.fitBoostedTrees) };
});

it('in faithful mode the best configuration is trained once more on the same rows, and judged anew', () => {
  const stream = RandomStream.fromSeed(0, 'rows');
  const x = Array.from({ length: 200 }, () => Array.from({ length: 4 }, () => stream.integer(10)));
  const good = x.map(([a = 0, b = 0]) => a + b + 4 * stream.uniform() > 11);
  const { tuning } = SEARCH_MODES.faithful;
  const tuned = tuneClassifier(x, good, tuning, stream);

  const { calls, results } = vi.mocked(fitBoostedTrees).mock;
  expect(calls).toHaveLength(tuning.configurations + 1);
  const rows = new Set(calls[0]?.[0]);
  expect(rows.size).toBe(160);
  const held = x.flatMap((values, i) => (rows.has(values) ? [] : [i]));
  const errors = results.map(({ value }) => {
    const classifier = value as ReturnType<typeof fitBoostedTrees>;
    const wrong = held.filter((i) => classifier(x[i] as number[]) >= 0.5 !== good[i]);
    return wrong.length / held.length;
  });
  const best = errors.indexOf(Math.min(...errors.slice(0, -1)));
  expect(calls.at(-1)?.slice(0, 3)).toEqual([
    calls[0]?.[0],
    calls[0]?.[1],
    drawConfigurations(tuning, stream)[best],
  ]);
  expect(tuned).toMatchObject({ classifier: results.at(-1)?.value, validationError: errors.at(-1) });
});
