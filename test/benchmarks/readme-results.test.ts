import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readmeFiles, renderReadme } from '../../benchmarks/readme/update-readmes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe.each(readmeFiles(ROOT))('%s', (file) => {
  const text = readFileSync(file, 'utf8');

  it('shows what the committed reports say; `report --save` brings it in step', () => {
    expect(renderReadme(text, file, ROOT)).toBe(text);
  });

  it('names the run of every marked section by a link that leads there', () => {
    for (const [section, name] of text.matchAll(/<!-- results:([a-z0-9-]+) -->.*?<!-- \/results -->/gs)) {
      const links = [...section.matchAll(/\]\(([^)]*benchmarks\/reports\/[^)]+)\)/g)].map(
        ([, link]) => link as string,
      );
      expect(links.length, name).toBeGreaterThan(0);
      for (const link of links) expect(existsSync(join(dirname(file), link)), link).toBe(true);
    }
  });
});

describe('renderReadme', () => {
  it('puts the headline of an experiment into its section, and leaves the rest alone', () => {
    const text = 'a\n<!-- results:came-convergence -->\nold 0.9 numbers\n<!-- /results -->\nb\n';
    const rendered = renderReadme(text, join(ROOT, 'README.md'), ROOT);
    expect(rendered).toMatch(/^a\n<!-- results:came-convergence -->\n\n```\n/);
    expect(rendered).toMatch(/\n\n<!-- \/results -->\nb\n$/);
    expect(rendered).not.toContain('old 0.9 numbers');
  });

  it('links from where the README is', () => {
    const text = '<!-- results:came-convergence -->\n<!-- /results -->\n';
    const rendered = renderReadme(text, join(ROOT, 'methods', 'came', 'README.md'), ROOT);
    expect(rendered).toContain('](../../benchmarks/reports/came-convergence/loss.svg)');
  });

  it('refuses a section without an end, and one without a report', () => {
    const file = join(ROOT, 'README.md');
    expect(() => renderReadme('<!-- results:speed -->\n', file, ROOT)).toThrow(
      'results:speed has no <!-- /results -->',
    );
    expect(() => renderReadme('<!-- results:nothing -->\n<!-- /results -->', file, ROOT)).toThrow(
      'nothing has no committed report',
    );
  });
});
