/** A measured number with as many digits as tell it from its neighbours; – where there is none. */
export function shownNumber(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const short = Number(value.toPrecision(5));
  return Math.abs(short) < 1e-4 ? short.toExponential() : String(short);
}
