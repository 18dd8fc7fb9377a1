import type { CommittedReport } from './committed-report.ts';
import { headline } from './headline.ts';
import { speedTable } from './speed-table.ts';

export interface SectionContext {
  report(experiment: string): CommittedReport;
  /** From the folder of the README to the folder of the reports, with strokes forward. */
  readonly reports: string;
}

/** Sections that are not one experiment's headline, by name. Any other name is that of an experiment. */
const composed: Readonly<Record<string, (context: SectionContext) => string>> = {
  speed: speedTable,
};

/** The Markdown of a section: `<!-- results:NAME -->` … `<!-- /results -->`. */
export function renderSection(name: string, context: SectionContext): string {
  const render = composed[name];
  return render === undefined ? headline(name, context) : render(context);
}
