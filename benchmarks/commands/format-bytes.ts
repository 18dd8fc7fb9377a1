const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Two or three digits and a unit, in powers of 1000: `1.1 MB`, `313 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
}
