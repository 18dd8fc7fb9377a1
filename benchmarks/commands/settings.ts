import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { BackendName, BackendRequest } from '../../src/backends/index.ts';
import { readTextFile, type TextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { Experiment, Preset } from '../../src/experiment/experiment.ts';
import { knownKeys, override } from '../../src/experiment/override.ts';
import type { Sweep } from './sweep.ts';

/** The options of `run`, as the command line gives them: what is absent was not named. */
export interface RunOptions {
  readonly preset?: Preset;
  readonly backend?: BackendRequest;
  readonly seeds?: readonly number[];
  readonly data?: string;
  readonly set?: readonly string[];
  readonly sweep?: Sweep;
  readonly peers?: string;
  readonly out?: string;
  readonly resume?: true;
  readonly overwrite?: true;
  readonly jobs?: number;
  /** URL of a Redis server. */
  readonly queue?: string;
  readonly maxMinutes?: number;
  readonly dryRun?: true;
  readonly printConfig?: true;
  readonly watch?: true;
  readonly tensorboard?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** Everything that decides what a run computes. */
export interface Settings {
  readonly experiment: string;
  readonly preset: Preset;
  readonly seeds: readonly number[];
  readonly data: DataFile | null;
  readonly peers: string | null;
  readonly config: Config;
}

/** config.json: the settings, and what else decides the bits. */
export interface StoredSettings extends Settings {
  readonly backend: BackendName;
  /** Of each process that computes; 0 where a graphics adapter does. */
  readonly threads: number;
}

export interface DataFile {
  readonly path: string;
  readonly sha256: string;
}

/** Settings and what they are checked against. */
export interface Resolved {
  readonly settings: Settings;
  readonly text: TextFile | undefined;
}

/** Settings, and where a run is resumed those that it was begun with. */
export interface Begun extends Resolved {
  readonly stored: StoredSettings | undefined;
}

export async function resolveSettings(experiment: Experiment, options: RunOptions): Promise<Resolved> {
  const preset = options.preset ?? 'laptop';
  const config = override(experiment.presets[preset], options.set ?? []);
  if (options.peers !== undefined && experiment.takesPeers === false) {
    throw new UserError(`${experiment.name} has no peers to run: leave out --peers.`);
  }
  const text = await readData(experiment, options.data);
  experiment.check?.(config, text);
  const settings: Settings = {
    experiment: experiment.name,
    preset,
    seeds: options.seeds ?? Array.from({ length: experiment.seeds[preset] }, (_, seed) => seed),
    data: text === undefined ? null : { path: resolve(text.path), sha256: text.sha256 },
    peers: options.peers ?? null,
    config,
  };
  return { settings, text };
}

/**
 * The settings of the run in the directory. What the command line names must be what the run was begun with: a run that
 * changes half-way answers no question.
 */
export async function resumeSettings(
  experiment: Experiment,
  options: RunOptions,
  stored: StoredSettings,
): Promise<Resolved> {
  const differ = (what: string, then: unknown, now: unknown): UserError =>
    new UserError(
      `--resume: ${what} was ${JSON.stringify(then)} when the run was begun and is ${JSON.stringify(now)} now. ` +
        'Leave the option out, or start anew with another --out.',
    );
  if (typeof stored.threads !== 'number') {
    throw new UserError(
      '--resume: config.json is of a run of an earlier version of this tool, which did not keep the number of threads. ' +
        'Start anew with another --out.',
    );
  }
  if (stored.experiment !== experiment.name)
    throw differ('the experiment', stored.experiment, experiment.name);
  if (options.preset !== undefined && options.preset !== stored.preset) {
    throw differ('--preset', stored.preset, options.preset);
  }
  if (options.seeds !== undefined && !isDeepStrictEqual(options.seeds, stored.seeds)) {
    throw differ('--seeds', stored.seeds, options.seeds);
  }
  if (options.peers !== undefined && options.peers !== stored.peers)
    throw differ('--peers', stored.peers, options.peers);
  if (!isDeepStrictEqual(knownKeys(experiment.presets[stored.preset]), knownKeys(stored.config))) {
    throw new UserError(
      '--resume: config.json is from another version of this experiment. Start anew with another --out.',
    );
  }
  for (const setting of options.set ?? []) {
    const changed = override(stored.config, [setting]);
    if (!isDeepStrictEqual(changed, stored.config)) {
      throw differ(
        `--set ${setting.split('=')[0]}`,
        differing(stored.config, changed),
        differing(changed, stored.config),
      );
    }
  }
  const text = await readSameData(experiment, options, stored);
  const { backend: _, threads: __, ...settings } = stored;
  return { settings, text };
}

async function readSameData(
  experiment: Experiment,
  options: RunOptions,
  stored: StoredSettings,
): Promise<TextFile | undefined> {
  const text = await readData(experiment, options.data ?? stored.data?.path);
  if (text === undefined) return undefined;
  if (stored.data === null) {
    throw new UserError(
      '--resume: the run was begun without --data. Leave it out, or start anew with another --out.',
    );
  }
  if (text.sha256 !== stored.data.sha256) {
    throw new UserError(
      `--resume: ${text.path} is not the text that the run was begun with (sha256 ${text.sha256.slice(0, 12)}…, then ` +
        `${stored.data.sha256.slice(0, 12)}…). Start anew with another --out.`,
    );
  }
  return text;
}

/** Reads the whole file, so that a bad one is refused before anything is loaded or written. */
async function readData(experiment: Experiment, path: string | undefined): Promise<TextFile | undefined> {
  if (path === undefined) return undefined;
  if (!experiment.takesData) throw new UserError(`${experiment.name} takes no --data.`);
  return readTextFile(path);
}

/** The values of `config` that differ from those of `other`, by dotted key. */
function differing(config: Config, other: Config): unknown {
  const at = (root: Config, key: string) =>
    key.split('.').reduce<unknown>((value, part) => (value as Config | undefined)?.[part], root);
  const keys = knownKeys(config).filter((key) => !isDeepStrictEqual(at(config, key), at(other, key)));
  return keys.length === 1
    ? at(config, keys[0] as string)
    : Object.fromEntries(keys.map((key) => [key, at(config, key)]));
}
