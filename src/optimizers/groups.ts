/**
 * Parameter groups: ordered rules, of which the first that matches a variable sets what is said of it; what it leaves open, and
 * variables without a rule, follow the optimizer's own options.
 */
import { UserError } from '../errors.ts';
import { checkNumber } from './check-number.ts';
import type { OptimizerOptions } from './options.ts';

export interface GroupRule {
  /** Matched against the variable's name; or a function of name and shape. */
  readonly match: RegExp | ((name: string, shape: readonly number[]) => boolean);
  /** λ of this group, whatever `decay` says. */
  readonly weightDecay?: number;
  /** η of this group is this many times the optimizer's. */
  readonly learningRateScale?: number;
}

/** What one variable's step is done with. */
export interface GroupSettings {
  readonly weightDecay: number;
  readonly learningRateScale: number;
  /** The rule that matched, for what an optimizer adds of its own; undefined: none. */
  readonly rule: GroupRule | undefined;
}

/** For `groups`, in one line: nothing of rank below 2 (biases, LayerNorm) decays. */
export const noDecayForVectors: GroupRule = {
  match: (_name, shape) => shape.length < 2,
  weightDecay: 0,
};

/** Throws a UserError naming the rule and the value unless every rule holds known keys and values in range. */
export function checkGroups(optimizer: string, groups: unknown, ownKeys: readonly string[]): void {
  if (!Array.isArray(groups))
    throw new UserError(`${optimizer}: groups must be a list of rules; got ${groups}`);
  const known = ['match', 'weightDecay', 'learningRateScale', ...ownKeys];
  for (const [index, rule] of (groups as Record<string, unknown>[]).entries()) {
    const where = `groups[${index}]`;
    if (typeof rule !== 'object' || rule === null) {
      throw new UserError(
        `${optimizer}: ${where} must be a rule such as {match: /bias$/, weightDecay: 0}; got ${rule}`,
      );
    }
    const unknown = Object.keys(rule).find((key) => !known.includes(key));
    if (unknown !== undefined) {
      throw new UserError(
        `${optimizer}: ${where} has no key '${unknown}' (got ${rule[unknown]}); known: ${known.join(', ')}`,
      );
    }
    if (!(rule.match instanceof RegExp) && typeof rule.match !== 'function') {
      throw new UserError(
        `${optimizer}: ${where}.match must be a RegExp or a function of name and shape; got ${rule.match}`,
      );
    }
    for (const key of ['weightDecay', 'learningRateScale'] as const) {
      if (rule[key] === undefined) continue;
      checkNumber(optimizer, `${where}.${key}`, rule[key], (value) => value >= 0, 'at least 0');
    }
  }
}

export function groupOf(
  { weightDecay, decay, groups = [] }: OptimizerOptions,
  name: string,
  shape: readonly number[],
): GroupSettings {
  const rule = groups.find(({ match }) =>
    // `search` knows no lastIndex: a pattern with the flag g matches the same each time.
    typeof match === 'function' ? match(name, shape) : name.search(match) >= 0,
  );
  const usual = weightDecay === 0 || !decay(name, shape) ? 0 : weightDecay;
  return {
    weightDecay: rule?.weightDecay ?? usual,
    learningRateScale: rule?.learningRateScale ?? 1,
    rule,
  };
}

/**
 * The rules as a saved configuration holds them. TensorFlow.js's loader rewrites texts with underscores, so a pattern is saved
 * as character codes; a function cannot be saved, and its rule is left out with a warning on the console.
 */
export function groupsToConfig(optimizer: string, groups: readonly GroupRule[]): object[] {
  return groups.flatMap(({ match, ...rest }): object[] => {
    if (typeof match !== 'function')
      return [{ ...rest, pattern: codes(match.source), flags: codes(match.flags) }];
    if (match === noDecayForVectors.match) return [{ ...rest, vectors: true }];
    console.warn(`${optimizer}: a group whose match is a function cannot be saved; it is left out`);
    return [];
  });
}

export function groupsFromConfig(saved: readonly Readonly<Record<string, unknown>>[]): GroupRule[] {
  return saved.map(({ pattern, flags, vectors, ...rest }) => ({
    ...rest,
    match: vectors === true ? noDecayForVectors.match : new RegExp(text(pattern), text(flags)),
  }));
}

function codes(words: string): number[] {
  return Array.from(words, (character) => character.codePointAt(0) as number);
}

function text(numbers: unknown): string {
  return String.fromCodePoint(...(numbers as number[]));
}
