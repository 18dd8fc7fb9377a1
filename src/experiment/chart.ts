import type { TopLevelSpec } from 'vega-lite';

export interface Chart {
  /** Name of the SVG file without its ending, kebab-case. */
  readonly name: string;
  readonly title: string;
  /** One sentence: what is drawn and what to see in it; also the alternative text. */
  readonly description: string;
  readonly spec: TopLevelSpec;
}
