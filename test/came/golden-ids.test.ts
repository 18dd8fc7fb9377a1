import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SPECIFICATION = folder('../../../shared/specs/came.md');

// The specification is data of the workplace, beside the repository and not in it.
it.skipIf(!existsSync(SPECIFICATION))(
  'every golden value of the specification has a test on every backend',
  () => {
    const [, section = ''] = readFileSync(SPECIFICATION, 'utf8').split('\n## 7. ');
    const ids = [...section.matchAll(/\*\*([A-Z]\d+[a-z]?)\*\*/g)].map(([, id]) => id as string);
    const files = [folder('.'), folder('../optimizers')].flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => name.endsWith('.backend.test.ts'))
        .map((name) => readFileSync(join(directory, name), 'utf8')),
    );
    // In the title of a test, or as the first column of a table of tests.
    const named = ids.filter((id) => files.some((text) => new RegExp(`['"\`]${id}['"\`: ]`).test(text)));
    expect(ids.length).toBeGreaterThan(40);
    expect(named).toEqual(ids);
  },
);
