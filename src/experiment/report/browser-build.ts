import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The library's own build for browsers, fit to stand inside a script tag. */
export function browserBuild(name: 'vega' | 'vega-lite'): string {
  const entry = createRequire(import.meta.url).resolve(name);
  const code = readFileSync(join(dirname(entry), `${name}.min.js`), 'utf8');
  return code.replace(/^\/\/# sourceMappingURL=.*$/gm, '').replaceAll('</script', '<\\/script');
}
