import { presets } from '../../src/experiment/experiment.ts';
import { loadExperiments } from '../registry.ts';
import { type FinishedRun, finishedRuns } from './finished-runs.ts';

/** The options of `ls`: what is absent was not named. */
export interface ListOptions {
  /** Where the run directories are; default: runs. */
  readonly dir?: string;
  readonly json?: true;
}

/** Prints every experiment with its claim, the duration of each preset, and what its latest finished run found. */
export async function listCommand({ dir = 'runs', json }: ListOptions): Promise<void> {
  const experiments = await loadExperiments();
  const runs = finishedRuns(dir);
  const lastOf = (name: string) => runs.findLast(({ summary }) => summary.experiment === name);
  if (json) {
    const entries = experiments.map(({ name, title, claim, durations }) => ({
      name,
      title,
      claim,
      durations,
      last: plain(lastOf(name)),
    }));
    process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    return;
  }
  const width = Math.max(...experiments.map((experiment) => experiment.name.length));
  for (const { name, claim, durations } of experiments) {
    const times = presets.map((preset) => `${preset} ${durations[preset]}`).join(' · ');
    const lines = [`${name.padEnd(width)}  ${claim}`, `${' '.repeat(width)}  ${times}`];
    const last = lastOf(name);
    if (last !== undefined) lines.push(`${' '.repeat(width)}  ${describe(last)}`);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

function describe({ directory, summary: { verdict, preset, backend, started } }: FinishedRun): string {
  return `last: ${verdict} · ${preset} on ${backend} · ${started.slice(0, 10)} · ${directory}`;
}

function plain(run: FinishedRun | undefined) {
  if (run === undefined) return null;
  const { verdict, reason, preset, backend, started } = run.summary;
  return { verdict, reason, preset, backend, started, directory: run.directory };
}
