import { bisect } from 'simple-statistics';

/** Inverse of the Student t distribution for a probability in (0.5, 1) and whole degrees of freedom. */
export function studentQuantile(probability: number, degrees: number): number {
  const outside = 2 * (1 - probability);
  let high = 1;
  while (studentTails(high, degrees) > outside) high *= 2;
  return bisect((t: number) => outside - studentTails(t, degrees), 0, high, 200, 1e-12);
}

/**
 * The two-sided p value P(|T| ≥ |t|) for whole degrees of freedom, to some twelve digits however small it is.
 *
 * Abramowitz & Stegun 26.7.3 and 26.7.4 give P(|T| < |t|) as the first terms of a series whose sum is 1; far out its other terms
 * are added up instead, since the difference from 1 would lose the digits.
 */
export function studentTails(t: number, degrees: number): number {
  if (Math.abs(t) === Number.POSITIVE_INFINITY) return 0;
  const theta = Math.atan(Math.abs(t) / Math.sqrt(degrees));
  const [sine, cosineSquared] = [Math.sin(theta), 1 / (1 + (t * t) / degrees)];
  const odd = degrees % 2 === 1;
  const scale = odd ? 2 / Math.PI : 1;
  let term = odd ? Math.sqrt(cosineSquared) : 1;
  let sum = 0;
  let k = odd ? 3 : 2;
  for (; k <= degrees; k += 2) {
    sum += term;
    term *= ((k - 1) / k) * cosineSquared;
  }
  const within = scale * ((odd ? theta : 0) + sine * sum);
  if (within < 0.99) return 1 - within;
  let tail = 0;
  for (; term > tail * 1e-17; k += 2) {
    tail += term;
    term *= ((k - 1) / k) * cosineSquared;
  }
  return scale * sine * tail;
}
