import type { Chart } from '../chart.ts';
import { type Report, reproduce } from '../report-html.ts';
import { chartSvg } from '../svg.ts';
import { markdownTable } from '../table.ts';
import { timeTaken } from './time-taken.ts';

/** A report as Markdown, for a README or a pull request. `picture` names the SVG file of a chart, as the Markdown is to link to it. */
export function reportMarkdown(report: Report, picture: (chart: Chart) => string): string {
  const { summary } = report;
  const fence = '```';
  const parts = [
    `# ${report.title}`,
    report.question,
    `**Claim.** ${summary.claim}`,
    `**Verdict: ${summary.verdict}.** ${summary.reason}`,
    ...summary.warnings.map((warning) => `> Warning: ${warning}`),
    ...report.tables.flatMap((table) => [
      `## ${table.title}`,
      markdownTable(table),
      ...(table.note === undefined ? [] : [table.note]),
    ]),
    ...report.charts.flatMap((chart) => [
      `## ${chart.title}`,
      `![${chart.title}](${picture(chart)})`,
      chart.description,
    ]),
    '## How it was run',
    `Preset \`${summary.preset}\`, seeds ${summary.seeds.join(', ')}, ${timeTaken(summary, report.environment)} on ${machine(report)}; ${summary.started.slice(0, 10)}.`,
    `${fence}sh\n${reproduce(report)}\n${fence}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The SVG of each chart of a report, by the chart's name. */
export async function reportPictures(charts: readonly Chart[]): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const chart of charts) pictures.set(chart.name, await chartSvg(chart));
  return pictures;
}

/** Backend, processor and Node in a few words. */
export function machine({ summary, environment }: Pick<Report, 'summary' | 'environment'>): string {
  const { cpu, cores, node } = environment as { cpu?: string; cores?: number; node?: string };
  const processor = cpu === undefined ? '' : `, ${cores} cores of ${cpu}`;
  return `the ${summary.backend} backend${processor}${node === undefined ? '' : `, Node ${node}`}`;
}
