/**
 * Finds, for the variables of a new process, the saved state that is theirs. TensorFlow.js renames: a model loaded beside
 * another has `d1/kernel_2` where `d1/kernel` was saved, and unnamed variables are called by a running number.
 */
import { UserError } from '../errors.ts';

const UNNAMED = /^\d+$/;

/**
 * Index into `saved` for each name in `variables` that has saved state. By exact name; else by the name without `_N`; else,
 * where no name matched or the names are TensorFlow.js's running numbers, by position.
 * Throws a UserError where more than one reading is possible.
 */
export function matchSaved(
  optimizer: string,
  variables: readonly string[],
  saved: readonly string[],
): Map<string, number> {
  const matched = new Map<string, number>();
  const taken = new Set<number>();
  const bind = (variable: string, index: number) => {
    matched.set(variable, index);
    taken.add(index);
  };
  const freeVariables = () => variables.filter((name) => !matched.has(name));
  const freeSaved = () => saved.map((_, index) => index).filter((index) => !taken.has(index));

  // Numbers match exactly only as a whole: '17' may be another variable in the next process.
  const sameNumbers = saved.filter((name) => UNNAMED.test(name)).every((name) => variables.includes(name));
  for (const name of variables) {
    const index = saved.indexOf(name);
    if (index >= 0 && (sameNumbers || !UNNAMED.test(name))) bind(name, index);
  }

  const savedByStem = groupByStem(freeSaved(), (index) => saved[index] as string);
  for (const [stem, names] of groupByStem(freeVariables(), (name) => name)) {
    const indices = savedByStem.get(stem) ?? [];
    if (indices.length === 0) continue;
    if (indices.length !== names.length) {
      throw new UserError(
        `${optimizer}: saved state of ${list(indices.map((index) => saved[index] as string))} could belong to ` +
          `${list(names)}; give the variables the names that were saved, or all their gradients at the first step`,
      );
    }
    names.forEach((name, i) => {
      bind(name, indices[i] as number);
    });
  }

  const names = freeVariables();
  const indices = freeSaved();
  if (names.length === 0 || indices.length === 0) return matched;
  const numbersOnly =
    names.every((name) => UNNAMED.test(name)) && indices.every((i) => UNNAMED.test(saved[i] as string));
  if (matched.size > 0 && !numbersOnly) return matched;
  if (names.length !== indices.length) {
    throw new UserError(
      `${optimizer}: state was saved for ${list(indices.map((index) => saved[index] as string))}, ` +
        `and none of the variables ${list(names)} has such a name; give them the names that were saved`,
    );
  }
  names.forEach((name, i) => {
    bind(name, indices[i] as number);
  });
  return matched;
}

function groupByStem<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    if (UNNAMED.test(name)) continue;
    const stem = name.replace(/_\d+$/, '');
    groups.set(stem, [...(groups.get(stem) ?? []), item]);
  }
  return groups;
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
