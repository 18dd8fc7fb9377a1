import type { Config } from 'vega-lite';

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif';

/** Colours that stay apart for colour-blind readers, darker on white and lighter on black. */
export const lightTheme: Config = theme({
  background: '#ffffff',
  text: '#1f2328',
  faint: '#59636e',
  grid: '#e4e7eb',
  colours: ['#0072b2', '#d55e00', '#007a5a', '#a6437f', '#7a6a00', '#555555'],
});

export const darkTheme: Config = theme({
  background: '#14171c',
  text: '#e6e9ee',
  faint: '#a3adb8',
  grid: '#2b3138',
  colours: ['#5bb5ee', '#f2a05c', '#4cc9a0', '#e59acb', '#d6c55a', '#b5b5b5'],
});

function theme(colours: {
  background: string;
  text: string;
  faint: string;
  grid: string;
  colours: string[];
}): Config {
  const { background, text, faint, grid } = colours;
  return {
    background,
    font,
    range: { category: colours.colours },
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
