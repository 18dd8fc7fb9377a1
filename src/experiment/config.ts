/** What a configuration may hold: JSON with a fixed shape, so that `--set a.b=3` can be typed by the value it replaces. */
export type ConfigValue = number | string | boolean | readonly number[] | readonly string[] | Config;

export interface Config {
  readonly [key: string]: ConfigValue;
}
