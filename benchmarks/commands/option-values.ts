import { InvalidArgumentError, Option } from 'commander';
import { BACKEND_REQUESTS } from '../../src/backends/backend.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';

/** A backend, or a word for the best of a kind. `defaultText` says which is taken where none is named. */
export function backendOption(defaultText = 'by experiment'): Option {
  return new Option('--backend <name>', `${BACKEND_REQUESTS.join(', ')} (default: ${defaultText})`).argParser(
    oneOf('backend', BACKEND_REQUESTS),
  );
}

export function oneOf<T extends string>(what: string, known: readonly T[]): (value: string) => T {
  return (value) => {
    const found = known.find((name) => name === value);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(
      `No such ${what}.${nearMatches(value, known)} Choose from: ${known.join(', ')}.`,
    );
  };
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 up.');
}

export function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (/^\d*\.?\d+$/.test(text) && minutes > 0) return minutes;
  throw new InvalidArgumentError('Give a number of minutes above 0.');
}

export function parseSeeds(text: string): number[] {
  const range = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text);
  const first = Number(range?.[1]);
  const last = Number(range?.[2]);
  if (range && first <= last && last - first < 10_000) {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
  const numbers = text.split(',').map(Number);
  if (/^\d{1,9}(,\d{1,9})*$/.test(text)) {
    if (numbers.length > 1 && new Set(numbers).size === numbers.length) return numbers;
    const count = numbers[0] ?? 0;
    if (numbers.length === 1 && count >= 1 && count <= 10_000)
      return Array.from({ length: count }, (_, index) => index);
  }
  throw new InvalidArgumentError(
    'Give a number from 1 up, a list of different seeds such as 0,4,7, or a range such as 3..5.',
  );
}
