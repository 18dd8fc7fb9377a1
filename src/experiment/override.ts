import { UserError } from '../errors.ts';
import type { Config, ConfigValue } from './config.ts';
import { nearMatches } from './near-matches.ts';

/**
 * The configuration with every `key=value` applied; dots reach into nested records. A value takes the type of the one it
 * replaces: lists are written `1e-3,3e-3` or as JSON. Throws UserError for an unknown key or a value of the wrong type.
 */
export function override<C extends Config>(defaults: C, settings: readonly string[]): C {
  let config: Config = defaults;
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    if (equals < 1) {
      throw new UserError(
        `--set ${setting}: write it as key=value. Known keys: ${knownKeys(defaults).join(', ')}`,
      );
    }
    const key = setting.slice(0, equals);
    config = replace(config, key.split('.'), key, setting.slice(equals + 1), defaults);
  }
  return config as C;
}

/** Dotted names of everything that can be set. */
export function knownKeys(config: Config): string[] {
  return Object.entries(config).flatMap(([key, value]) =>
    isRecord(value) ? knownKeys(value).map((inner) => `${key}.${inner}`) : [key],
  );
}

function replace(config: Config, path: readonly string[], key: string, text: string, root: Config): Config {
  const [first = '', ...rest] = path;
  const old = Object.hasOwn(config, first) ? config[first] : undefined;
  if (old !== undefined && isRecord(old) && rest.length > 0) {
    return { ...config, [first]: replace(old, rest, key, text, root) };
  }
  if (old === undefined || isRecord(old) || rest.length > 0) throw unknownKey(key, root);
  return { ...config, [first]: parse(text, old, key) };
}

function parse(text: string, old: Exclude<ConfigValue, Config>, key: string): ConfigValue {
  if (typeof old === 'string') return text;
  if (typeof old === 'number') return parseNumber(text, key);
  if (typeof old === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new UserError(`--set ${key}=${text}: ${key} is true or false`);
  }
  const list = old as readonly (number | string)[];
  const items = text
    .replace(/^\s*\[(.*)\]\s*$/s, '$1')
    .split(',')
    .map((item) => item.trim().replace(/^"(.*)"$/s, '$1'));
  if (items.some((item) => item === '')) {
    throw new UserError(`--set ${key}=${text}: ${key} is a list such as ${list.join(',')}`);
  }
  if (list.some((item) => typeof item === 'string')) return items;
  return items.map((item) => parseNumber(item, key));
}

function parseNumber(text: string, key: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new UserError(
      `--set ${key}=${text}: ${key} is a number, and ${JSON.stringify(text)} is not a finite one`,
    );
  }
  return value;
}

function unknownKey(key: string, root: Config): UserError {
  const known = knownKeys(root);
  return new UserError(
    `--set ${key}: no such key.${nearMatches(key, known)} Known keys: ${known.join(', ')}`,
  );
}

function isRecord(value: ConfigValue): value is Config {
  return typeof value === 'object' && !Array.isArray(value);
}
