/** One contestant's performance profile: a step function of the ratio τ to the best contestant of each problem. */
export interface PerformanceProfile {
  readonly contestant: string;
  /** From each τ on, up to the next, the share of the problems that it solves within τ times the best cost; τ grows. */
  readonly steps: readonly { readonly tau: number; readonly share: number }[];
}

/**
 * Dolan & Moré 2002, "Benchmarking optimization software with performance profiles", section 2: ρ(τ) is the share of all problems
 * on which a contestant's cost is at most τ times the smallest of any contestant. A problem that it does not solve (undefined) has
 * ratio ∞; one that nobody solves still counts among all.
 *
 * @param costs for each contestant the cost of each problem, in the same order, such as its time to the target; above 0
 */
export function performanceProfiles(
  costs: ReadonlyMap<string, readonly (number | undefined)[]>,
): PerformanceProfile[] {
  const table = [...costs.values()];
  const problems = table[0]?.length ?? 0;
  if (problems === 0)
    throw new RangeError('performance profiles need at least one contestant and one problem');
  if (table.some((row) => row.length !== problems))
    throw new RangeError('every contestant needs an entry for every problem');
  if (table.flat().some((cost) => cost !== undefined && !(cost > 0 && cost < Number.POSITIVE_INFINITY)))
    throw new RangeError('costs are finite numbers above 0, or undefined where the problem is not solved');
  const best = Array.from({ length: problems }, (_, problem) =>
    Math.min(...table.map((row) => row[problem] ?? Number.POSITIVE_INFINITY)),
  );
  return [...costs].map(([contestant, row]) => {
    const solved = row.flatMap((cost, problem) =>
      cost === undefined ? [] : [cost / (best[problem] as number)],
    );
    const taus = [...new Set(solved)].sort((a, b) => a - b);
    const steps = taus.map((tau) => ({
      tau,
      share: solved.filter((ratio) => ratio <= tau).length / problems,
    }));
    return { contestant, steps };
  });
}

/** ρ(τ). */
export function profileAt({ steps }: PerformanceProfile, tau: number): number {
  return steps.findLast((step) => step.tau <= tau)?.share ?? 0;
}

/**
 * The mean of ρ over 1 ≤ τ ≤ τ_max, from 0 to 1: AlgoPerf's benchmark score, which takes τ_max = 4
 * (mlcommons/algorithmic-efficiency@06102a1 DOCUMENTATION.md, "Integrating performance profiles for the benchmark score").
 */
export function profileScore({ steps }: PerformanceProfile, tauMax = 4): number {
  if (!(tauMax > 1)) throw new RangeError(`tauMax must be above 1, got ${tauMax}`);
  const area = steps.reduce((sum, { tau, share }, index) => {
    const end = Math.min(steps[index + 1]?.tau ?? tauMax, tauMax);
    return sum + share * Math.max(0, end - tau);
  }, 0);
  return area / (tauMax - 1);
}
