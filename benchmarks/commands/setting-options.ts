import { UserError } from '../../src/errors.ts';
import type { Config } from '../../src/experiment/config.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { allEntries, matchExperiments } from '../registry.ts';

/**
 * Writes out what is short for `--set`: each setting of the experiments that are named is an option of `run` too, so that
 * `--model bert` is `--set model=bert` and `--skip-bad-rows` is `--set skipBadRows=true`. All else is left as it is. Throws UserError for an option that is like a setting.
 *
 * @param words a command line, from `run` on
 * @param options the long options that `run` has of itself
 */
export async function settingOptions(
  words: readonly string[],
  options: readonly string[],
): Promise<readonly string[]> {
  const isShort = (word: string) => word.startsWith('--') && !options.includes(word.split('=')[0] ?? '');
  if (words[0] !== 'run' || !words.some(isShort)) return words;
  const settings = await settingsOfNamed(words.slice(1));
  const written: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const [option = '', ...value] = word.split('=');
    const key = camelCase(option.slice(2));
    const setting = isShort(word) ? settings.get(key) : undefined;
    if (setting === undefined && isShort(word)) refuseIfMistyped(option, options, [...settings.keys()]);
    if (setting === undefined) written.push(word);
    else if (value.length > 0) written.push('--set', `${key}=${value.join('=')}`);
    else if (typeof setting === 'boolean' && !['true', 'false'].includes(words[i + 1] ?? ''))
      written.push('--set', `${key}=true`);
    else if (i + 1 < words.length) written.push('--set', `${key}=${words[++i]}`);
    else written.push(word);
  }
  return written;
}

/** What is like no setting is left to the command line, which refuses it. */
function refuseIfMistyped(option: string, options: readonly string[], settings: readonly string[]): void {
  const known = settings.map(asOption);
  if (nearMatches(option, known) === '') return;
  throw new UserError(`unknown option '${option}'.${nearMatches(option, [...known, ...options])}`);
}

/** Of the experiments among these words, their settings by key; dots lead into records. */
async function settingsOfNamed(words: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const names = (await allEntries()).map(({ name }) => name);
  const named = words.filter((word) => !word.startsWith('-') && (names.includes(word) || /[*?]/.test(word)));
  const experiments = named.length > 0 ? await matchExperiments(named) : [];
  return new Map(experiments.flatMap(({ presets }) => flat(presets.laptop)));
}

function flat(config: Config, prefix = ''): [string, unknown][] {
  return Object.entries(config).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && !Array.isArray(value)
      ? flat(value as Config, `${prefix}${key}.`)
      : [[prefix + key, value]],
  );
}

function asOption(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function camelCase(text: string): string {
  return text.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
