import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Summary } from '../summary.ts';
import { readStored } from './read-stored.ts';
import { readStoredCells, type StoredCell } from './stored-cells.ts';
import {
  environmentSchema,
  outcomeSchema,
  type StoredEnvironment,
  type StoredOutcome,
  type StoredSettings,
  settingsSchema,
  summarySchema,
} from './stored-schemas.ts';

/** What a finished run, or a committed report, says of itself. */
export interface StoredRun {
  /** As it was given. */
  readonly directory: string;
  readonly settings: StoredSettings;
  readonly environment: StoredEnvironment;
  readonly summary: Summary;
  /** None in a committed report. */
  readonly cells: readonly StoredCell[];
}

/** Throws UserError that names the file where the directory is missing, foreign, damaged, or of a run that has not finished. */
export function readStoredRun(directory: string): StoredRun {
  const settings = readStoredSettings(directory);
  if (!existsSync(join(directory, 'summary.json'))) {
    throw new UserError(
      `${directory} holds a run that has not finished: it has no summary.json. ` +
        `Continue it with: run ${settings.experiment} --out ${directory} --resume`,
      3,
    );
  }
  return {
    directory,
    settings,
    environment: readStored(join(directory, 'environment.json'), environmentSchema),
    summary: readStoredSummary(directory),
    cells: readStoredCells(directory),
  };
}

export function readStoredSettings(directory: string): StoredSettings {
  if (!existsSync(directory)) throw new UserError(`There is no directory ${directory}.`, 3);
  if (!statSync(directory).isDirectory()) throw new UserError(`${directory} is a file, not a run directory.`);
  const file = join(directory, 'config.json');
  if (!existsSync(file)) throw new UserError(`${directory} is not a run directory: it has no config.json.`);
  return readStored(file, settingsSchema);
}

export function readStoredSummary(directory: string): Summary {
  return readStored(join(directory, 'summary.json'), summarySchema);
}

/** The tables and plots of a finished run. */
export function readStoredOutcome(directory: string): StoredOutcome {
  const file = join(directory, 'outcome.json');
  if (existsSync(file)) return outcomeSchema.parse(readStored(file, outcomeSchema));
  throw new UserError(
    `${file} is missing: the run is of an earlier version of this tool, which kept no tables. Run it again.`,
    3,
  );
}
