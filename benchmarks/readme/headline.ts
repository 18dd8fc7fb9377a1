import { textTable } from '../../src/experiment/table.ts';
import type { SectionContext } from './sections.ts';

/** Longest line of a sentence in a code block, in characters. */
const width = 112;

/** An experiment in a README: its first table as `run` prints it, the verdict, its first picture, and which run it was. */
export function headline(experiment: string, { report, reports }: SectionContext): string {
  const { run, outcome } = report(experiment);
  const [table] = outcome.tables;
  const [chart] = outcome.charts;
  const { summary, environment } = run;
  const verdict = wrap(`Verdict: ${summary.verdict}. ${summary.reason}`);
  const { note: _, ...shown } = table ?? { title: '', columns: [], rows: [] };
  const folder = `${reports}/${experiment}`;
  const commit = summary.commit === null ? '' : `, commit ${summary.commit.slice(0, 7)}`;
  const where = `${summary.backend} on ${environment.cores} cores of ${environment.cpu}`;
  return [
    ['```', ...(table === undefined ? [] : [textTable(shown)]), verdict, '```'].join('\n'),
    ...(chart === undefined ? [] : [`![${chart.title}](${folder}/${chart.name}.svg)`]),
    `From [the run of ${summary.started.slice(0, 10)}](${folder}/results.md): preset ${summary.preset}, ${where}${commit}.`,
  ].join('\n\n');
}

function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
