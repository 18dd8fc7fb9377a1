/** Learning rates in steps of √10, written 1, 3, 10, 30 … as people do. */

/** How far from the series, in half decades, a rate still counts as one of it: 3 for √10 is off by 0.046. */
const snap = 0.06;

/**
 * The rate one step of √10 above or below. One of the series 1, 3, 10 … (in any decade) has its neighbour there; another is multiplied
 * or divided by √10, to three digits.
 */
export function neighbour(rate: number, side: 'above' | 'below'): number {
  const direction = side === 'above' ? 1 : -1;
  const halfDecades = 2 * Math.log10(rate);
  const nearest = Math.round(halfDecades);
  if (Math.abs(halfDecades - nearest) > snap) return Number((rate * 10 ** (direction / 2)).toPrecision(3));
  const next = nearest + direction;
  const decade = Math.floor(next / 2);
  return Number(`${next % 2 === 0 ? 1 : 3}e${decade}`);
}

/** The grid with so many more rates below and above it. */
export function widened(grid: readonly number[], below: number, above: number): number[] {
  const rates = [...grid];
  for (let i = 0; i < below; i++) rates.unshift(neighbour(rates[0] as number, 'below'));
  for (let i = 0; i < above; i++) rates.push(neighbour(rates.at(-1) as number, 'above'));
  return rates;
}
