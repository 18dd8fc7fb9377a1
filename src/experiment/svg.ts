import type { Chart } from './chart.ts';
import { lightTheme } from './chart-theme.ts';

/** The chart as an SVG document, drawn without a browser. */
export async function chartSvg(chart: Chart, width = 720, height = 400): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const sized = {
    ...chart.spec,
    width,
    height,
    title: chart.title,
    autosize: { type: 'fit', contains: 'padding' },
  };
  const { spec } = compile(sized as typeof chart.spec, { config: lightTheme });
  // All of its numbers stand in it: a plot from someone else's outcome.json reads no file and asks no server.
  const load = () => Promise.reject(new Error('a plot fetches nothing'));
  const loader = { ...vega.loader(), load };
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Error, loader });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
