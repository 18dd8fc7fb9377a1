import { UserError } from '../src/errors.ts';
import type { Experiment } from '../src/experiment/experiment.ts';
import { nearMatches } from '../src/experiment/near-matches.ts';

interface Entry {
  readonly name: string;
  load(): Promise<Experiment>;
}

/** Every experiment, in the order of `ls`. */
export const registry: readonly Entry[] = [
  { name: 'came-convergence', load: async () => (await import('./came-convergence.ts')).cameConvergence },
  { name: 'training-step', load: async () => (await import('./training-step.ts')).trainingStep },
  { name: 'optimizer-step', load: async () => (await import('./optimizer-step.ts')).optimizerStep },
  { name: 'training-memory', load: async () => (await import('./training-memory.ts')).trainingMemory },
];

/** Throws UserError, with near matches, where there is none of that name. */
export async function findExperiment(name: string): Promise<Experiment> {
  const entry = registry.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry.load();
  const names = registry.map((candidate) => candidate.name);
  throw new UserError(
    `There is no experiment ${name}.${nearMatches(name, names)} Experiments: ${names.join(', ')}`,
  );
}
