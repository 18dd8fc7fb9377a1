import type { Started } from './contestants.ts';

/** Largest relative difference of a contestant's first losses from those of the first contestant. */
export interface LossDifference {
  readonly name: string;
  readonly difference: number;
}

/** float32 rounding through five AdamW steps; another model, another ε or another decay is far above it. */
export const LOSS_TOLERANCE = 1e-4;

/**
 * Who does other work is not in the race.
 * @throws Error naming the contestant whose losses disagree
 */
export function compareLosses(started: readonly Pick<Started, 'name' | 'losses'>[]): LossDifference[] {
  const [reference, ...others] = started;
  if (reference === undefined) return [];
  return others.map(({ name, losses }) => {
    const difference = Math.max(
      ...reference.losses.map((loss, step) => Math.abs(((losses[step] as number) - loss) / loss)),
    );
    if (!(difference <= LOSS_TOLERANCE)) {
      throw new Error(
        `${name} does not do the same work as ${reference.name}: losses ${losses.join(', ')} against ${reference.losses.join(', ')}`,
      );
    }
    return { name, difference };
  });
}
