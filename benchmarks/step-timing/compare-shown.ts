import type { Progress } from '../../src/experiment/progress.ts';
import {
  type Comparison,
  type Contestant,
  compare,
  type RoundOptions,
  summarise,
} from '../../src/experiment/timer.ts';

/** What every timing experiment has among its settings. */
type RoundSettings = Pick<RoundOptions, 'rounds' | 'extraRounds' | 'othersLimit'>;

interface ShownRounds extends Pick<RoundOptions, 'steps' | 'pause' | 'signal'> {
  /** In front of every line of progress. */
  readonly label: string;
  readonly progress: Progress;
}

/** `compare`, with each undisturbed round as one unit of progress. @throws as `compare` */
export function compareShown(
  contestants: readonly Contestant[],
  { rounds, extraRounds, othersLimit }: RoundSettings,
  { label, progress, ...given }: ShownRounds,
): Promise<Comparison> {
  return compare(contestants, {
    ...given,
    rounds,
    extraRounds,
    othersLimit,
    onRound: (round, disturbed) =>
      progress.advance(
        { label: `${label}: round ${round + 1}${disturbed ? ', disturbed' : ''}` },
        disturbed ? 0 : 1,
      ),
  });
}

/** By contestant, the steps that fill a section of so many seconds, at least 1 and at most `maximum`; found by running one. */
export async function fillSections(
  contestants: readonly Contestant[],
  sectionSeconds: number,
  maximum: number,
): Promise<(name: string) => number> {
  const steps = new Map<string, number>();
  for (const { name, run } of contestants) {
    const count = Math.round((1000 * sectionSeconds) / summarise(await run(1)).median);
    steps.set(name, Math.min(maximum, Math.max(1, count)));
  }
  return (name) => steps.get(name) as number;
}
