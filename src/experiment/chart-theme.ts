import type { Config } from 'vega-lite';

export const font = 'system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif';

/** Every colour of a report, on the page and in its plots. */
export interface Palette {
  readonly text: string;
  readonly faint: string;
  readonly page: string;
  /** Behind code and verdicts. */
  readonly raised: string;
  readonly line: string;
  readonly grid: string;
  readonly met: string;
  readonly notMet: string;
  readonly notTested: string;
  /** One for each contestant; they stay apart for colour-blind readers. */
  readonly contestants: readonly string[];
}

/** Darker on white and lighter on black: whatever is read has a contrast of 4.5 at least. */
export const lightPalette: Palette = {
  text: '#1f2328',
  faint: '#59636e',
  page: '#ffffff',
  raised: '#f5f7f9',
  line: '#d8dee4',
  grid: '#e4e7eb',
  met: '#1a7f37',
  notMet: '#b3261e',
  notTested: '#7a5c00',
  contestants: ['#0072b2', '#c25400', '#007a5a', '#a6437f', '#7a6a00', '#555555'],
};

export const darkPalette: Palette = {
  text: '#e6e9ee',
  faint: '#a3adb8',
  page: '#14171c',
  raised: '#1c2127',
  line: '#343b44',
  grid: '#2b3138',
  met: '#57c878',
  notMet: '#ff8a80',
  notTested: '#e3b341',
  contestants: ['#5bb5ee', '#f2a05c', '#4cc9a0', '#e59acb', '#d6c55a', '#b5b5b5'],
};

export const lightTheme: Config = theme(lightPalette);
export const darkTheme: Config = theme(darkPalette);

function theme({ page, text, faint, grid, contestants }: Palette): Config {
  return {
    background: page,
    font,
    range: { category: [...contestants] },
    view: { stroke: null },
    title: { color: text, anchor: 'start', fontSize: 14 },
    axis: {
      labelColor: faint,
      titleColor: text,
      titleFontWeight: 'normal',
      gridColor: grid,
      domainColor: faint,
      tickColor: faint,
      labelFontSize: 12,
      titleFontSize: 13,
      titlePadding: 8,
    },
    legend: {
      labelColor: text,
      labelFontSize: 13,
      orient: 'top',
      symbolType: 'stroke',
      symbolStrokeWidth: 3,
      symbolOpacity: 1,
    },
  };
}
