import { expect, it } from 'vitest';
import { Zipf } from '../../src/data/zipf.ts';
import { RandomStream } from '../../src/random/index.ts';

it('draws by rank^-s', () => {
  const stream = RandomStream.fromSeed(0, 'zipf');
  const zipf = new Zipf(['a', 'b', 'c']);
  const counts = { a: 0, b: 0, c: 0 } as Record<string, number>;
  const draws = 60_000;
  for (let i = 0; i < draws; i++) {
    const item = zipf.draw(stream);
    counts[item] = (counts[item] ?? 0) + 1;
  }
  // Weights 1, 1/2, 1/3 of 11/6; the standard deviation of a share is below 0.0021, so 0.01 is five of them.
  for (const [item, share] of [
    ['a', 6 / 11],
    ['b', 3 / 11],
    ['c', 2 / 11],
  ] as const) {
    expect(Math.abs((counts[item] as number) / draws - share)).toBeLessThan(0.01);
  }
});

it('refuses nothing to draw', () => {
  expect(() => new Zipf([])).toThrow(RangeError);
});
