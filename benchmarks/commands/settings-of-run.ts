import type { Experiment } from '../../src/experiment/experiment.ts';
import { readStored } from './record.ts';
import { type Begun, type RunOptions, resolveSettings, resumeSettings } from './settings.ts';

/** The settings of a run as the command line names them or, where it is resumed, as it was begun with. */
export async function settingsOf(experiment: Experiment, options: RunOptions): Promise<Begun> {
  const stored = options.resume ? readStored(experiment, options) : undefined;
  const resolved = stored
    ? await resumeSettings(experiment, options, stored)
    : await resolveSettings(experiment, options);
  return { ...resolved, stored };
}
