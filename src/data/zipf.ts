import type { RandomStream } from '../random/index.ts';

/**
 * Draws items with Zipf's law: the item of rank r (from 1, in the order given) with probability proportional to r^−s.
 * One number of the stream per draw.
 */
export class Zipf<T> {
  readonly #items: readonly T[];
  /** Sum of the weights up to and including each rank. */
  readonly #cumulative: readonly number[];

  /** @param exponent s; natural text has about 1, and 0 draws each item equally often */
  constructor(items: readonly T[], exponent = 1) {
    if (items.length === 0) throw new RangeError('There must be at least one item to draw.');
    let sum = 0;
    this.#items = items;
    this.#cumulative = items.map((_, i) => {
      sum += (i + 1) ** -exponent;
      return sum;
    });
  }

  draw(stream: RandomStream): T {
    const total = this.#cumulative.at(-1) as number;
    const target = stream.uniform() * total;
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (target < (this.#cumulative[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return this.#items[low] as T;
  }
}
