import { UserError } from '../errors.ts';

/** What configurations of all encoders share. */
export interface CheckedSizes {
  readonly vocabulary: number;
  readonly width: number;
  readonly heads: number;
  readonly paddingToken: number;
  readonly epsilon: number;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly initialDeviation: number;
}

/**
 * @param who begins the message
 * @param counts what must be positive integers, beside vocabulary, width and heads
 * @throws UserError naming what is wrong
 */
export function checkEncoderConfig(
  who: string,
  config: CheckedSizes,
  counts: Readonly<Record<string, number>>,
): void {
  const { vocabulary, width, heads, paddingToken, epsilon, dropout, attentionDropout, initialDeviation } =
    config;
  const fail = (problem: string) => new UserError(`${who}: ${problem}.`);
  for (const [name, value] of Object.entries({ vocabulary, width, heads, ...counts })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw fail(`${name} must be a positive integer, got ${value}`);
  }
  if (width % heads !== 0) throw fail(`${heads} heads do not divide the width ${width}`);
  if (!Number.isSafeInteger(paddingToken) || paddingToken < 0 || paddingToken >= vocabulary)
    throw fail(`paddingToken ${paddingToken} is none of the ${vocabulary} tokens`);
  for (const [name, rate] of Object.entries({ dropout, attentionDropout })) {
    if (!(rate >= 0 && rate < 1)) throw fail(`${name} must be at least 0 and less than 1, got ${rate}`);
  }
  if (!(epsilon > 0)) throw fail(`epsilon must be positive, got ${epsilon}`);
  if (!(initialDeviation >= 0)) throw fail(`initialDeviation must not be negative, got ${initialDeviation}`);
}
