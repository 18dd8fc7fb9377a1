import { flatten, type Scalar } from './flatten.ts';
import type { StoredRun } from './stored-run.ts';

export interface Difference {
  readonly key: string;
  /** Undefined: it has none of that name. */
  readonly a: Scalar | undefined;
  readonly b: Scalar | undefined;
}

/** What of the environment says when and how it was called, not where. */
const passing = /^(started|command|load|freeMemoryBytes|resumed)$/;

/** The settings in which two runs differ, by dotted key. */
export function settingDifferences(a: StoredRun, b: StoredRun): Difference[] {
  return differences(flatSettings(a), flatSettings(b));
}

/** Where the machines, versions and commits of two runs differ. */
export function environmentDifferences(a: StoredRun, b: StoredRun): Difference[] {
  return differences(flatEnvironment(a), flatEnvironment(b));
}

/** Where a file lies is not what was computed: its checksum says that. */
function flatSettings({ settings }: StoredRun): Map<string, Scalar> {
  const { config, ...rest } = settings;
  const flat = new Map([...flatten(rest), ...flatten(config)]);
  flat.delete('data.path');
  return flat;
}

function flatEnvironment({ environment }: StoredRun): Map<string, Scalar> {
  const kept = Object.entries(environment).filter(([key]) => !passing.test(key));
  const flat = flatten(Object.fromEntries(kept));
  flat.delete('backend.reason');
  return flat;
}

function differences(a: ReadonlyMap<string, Scalar>, b: ReadonlyMap<string, Scalar>): Difference[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => a.get(key) !== b.get(key))
    .map((key) => ({ key, a: a.get(key), b: b.get(key) }));
}
