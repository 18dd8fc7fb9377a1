import { presets } from '../../src/experiment/experiment.ts';
import { loadExperiments } from '../registry.ts';

/** Prints every experiment with its claim and the duration of each preset. */
export async function listCommand(json: boolean): Promise<void> {
  const experiments = await loadExperiments();
  if (json) {
    const entries = experiments.map(({ name, title, claim, durations }) => ({
      name,
      title,
      claim,
      durations,
    }));
    process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    return;
  }
  const width = Math.max(...experiments.map((experiment) => experiment.name.length));
  for (const { name, claim, durations } of experiments) {
    const times = presets.map((preset) => `${preset} ${durations[preset]}`).join(' · ');
    process.stdout.write(`${name.padEnd(width)}  ${claim}\n${' '.repeat(width)}  ${times}\n`);
  }
}
