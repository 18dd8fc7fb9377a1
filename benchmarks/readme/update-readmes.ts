import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { writeAtomic } from '../../src/experiment/write-atomic.ts';
import { CommittedReport } from './committed-report.ts';
import { renderSection, type SectionContext } from './sections.ts';

/** Rewrites the marked sections of every README of the checkout from its committed reports; returns the files that changed. */
export async function updateReadmes(root: string): Promise<string[]> {
  const changed: string[] = [];
  for (const file of readmeFiles(root)) {
    const text = readFileSync(file, 'utf8');
    const updated = renderReadme(text, file, root);
    if (updated === text) continue;
    await writeAtomic(file, updated);
    changed.push(file);
  }
  return changed;
}

/** The README of the checkout and of each method, as far as they are there. */
export function readmeFiles(root: string): string[] {
  const methods = join(root, 'methods');
  const names = existsSync(methods) ? readdirSync(methods).sort() : [];
  return [join(root, 'README.md'), ...names.map((name) => join(methods, name, 'README.md'))].filter((file) =>
    existsSync(file),
  );
}

/** The text of a README with its marked sections made anew; throws UserError that names a section without an end. */
export function renderReadme(text: string, file: string, root: string): string {
  const reports = join(root, 'benchmarks', 'reports');
  const read = new Map<string, CommittedReport>();
  const context: SectionContext = {
    reports: relative(dirname(file), reports).split(sep).join('/'),
    report: (experiment) => {
      const known = read.get(experiment) ?? new CommittedReport(experiment, reports);
      read.set(experiment, known);
      return known;
    },
  };
  const pieces = text.split(/^<!-- results:([a-z0-9-]+) -->$/m);
  const rendered = pieces.map((piece, at) => {
    if (at === 0) return piece;
    if (at % 2 === 1) return `<!-- results:${piece} -->`;
    const name = pieces[at - 1] as string;
    const end = piece.indexOf('<!-- /results -->');
    if (end < 0) throw new UserError(`${file}: the section results:${name} has no <!-- /results -->.`);
    return `\n\n${renderSection(name, context)}\n\n${piece.slice(end)}`;
  });
  return rendered.join('');
}
