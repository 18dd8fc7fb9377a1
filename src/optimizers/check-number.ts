import { UserError } from '../errors.ts';

/** Throws a UserError unless `value` is a finite number that satisfies `accepts`, described by `range`. */
export function checkNumber(
  optimizer: string,
  option: string,
  value: unknown,
  accepts: (value: number) => boolean,
  range: string,
): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || !accepts(value)) {
    throw new UserError(`${optimizer}: ${option} must be ${range}; got ${value}`);
  }
}

/** β = 1 is refused because a moment that never moves from zero is then divided by. */
export function checkBetas<T extends object>(
  optimizer: string,
  options: T,
  ...betas: (keyof T & string)[]
): void {
  for (const beta of betas) {
    checkNumber(optimizer, beta, options[beta], (value) => value >= 0 && value < 1, 'in [0, 1)');
  }
}
