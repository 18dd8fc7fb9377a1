import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What git tracks or would track, relative to the root. */
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const SOURCES = FILES.filter((file) => /^(src|methods|benchmarks)\/.*\.ts$/.test(file));
const CODE = FILES.filter((file) => /\.(ts|cc|h|py)$/.test(file));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const lines = (file: string) => read(file).split('\n').length;

/** Folders at the top, in the order in which they may import: each from itself and from those before it. */
const ORDER = ['src', 'methods', 'benchmarks', 'test'];

/** The headings of a method's README, in order. */
const METHOD_HEADINGS = [
  'Idea',
  'Equations → code',
  'Symbols and shapes',
  'Use it',
  'Differences',
  'Not included',
  'Reproduce',
  'Results',
  'Verified against',
  'Cite',
];

describe('layout', () => {
  it('has the folders and files that the project fixed at the top, and no other folder', () => {
    const tops = new Set(FILES.map((file) => file.split('/')[0]).filter((top) => !top?.startsWith('.')));
    const folders = [...tops].filter((top) => FILES.some((file) => file.startsWith(`${top}/`))).sort();
    expect(folders).toEqual(['benchmarks', 'methods', 'src', 'test']);
    for (const file of ['package.json', 'tsconfig.json', 'README.md', 'LICENSE'])
      expect(tops).toContain(file);
  });

  it('keeps files small: none over 400 lines, half of them at most 150', () => {
    const tooLong = CODE.filter((file) => lines(file) > 400).map((file) => `${file}: ${lines(file)}`);
    expect(tooLong).toEqual([]);
    const lengths = SOURCES.map(lines).sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(150);
  });

  it('has names that say what is in a file', () => {
    const vague = CODE.filter((file) => /(^|[/-])(utils?|helpers?|common|misc|manager)([-./]|$)/.test(file));
    expect(vague).toEqual([]);
    const unusual = SOURCES.filter(
      (file) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.ts$/.test(file.split('/').at(-1) ?? ''),
    );
    expect(unusual).toEqual([]);
  });

  it('imports run benchmarks → methods → src, never back and never between methods', () => {
    const wrong: string[] = [];
    for (const file of SOURCES) {
      const [top, method] = file.split('/') as [string, string];
      for (const [, target] of read(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
        const imported = normalize(join(dirname(file), target as string));
        const [other, otherMethod] = imported.split('/') as [string, string];
        const back = ORDER.indexOf(other) > ORDER.indexOf(top);
        const across = top === 'methods' && other === 'methods' && method !== otherMethod;
        if (back || across) wrong.push(`${file} imports ${imported}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('imports TensorFlow.js as one package, and tfjs-node only where backends are loaded and set up', () => {
    const wrong = SOURCES.filter(
      (file) =>
        /from '@tensorflow\/tfjs-(core|layers|data|converter)/.test(read(file)) ||
        (/from '@tensorflow\/tfjs-node/.test(read(file)) && !file.startsWith('src/backends/')),
    );
    expect(wrong).toEqual([]);
  });

  it('never calls the Adam of TensorFlow.js', () => {
    expect(SOURCES.filter((file) => /\btrain\.adam\b/.test(read(file)))).toEqual([]);
  });

  it('index.ts only re-exports', () => {
    const indexes = SOURCES.filter((file) => file.endsWith('/index.ts'));
    const code = indexes.filter((file) =>
      /^\s*(const|let|function|class|interface|type|if|for)\b/m.test(read(file)),
    );
    // `type` inside an export list stands at the start of a line too.
    expect(code.filter((file) => !/^export/.test(read(file).trimStart()))).toEqual([]);
  });

  it('a method has its README with the headings of the template, in order', () => {
    const methods = new Set(
      FILES.filter((file) => file.startsWith('methods/')).map((file) => file.split('/')[1]),
    );
    for (const method of methods) {
      const readme = read(`methods/${method}/README.md`);
      const headings = [...readme.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
      expect({ method, headings }).toEqual({ method, headings: METHOD_HEADINGS });
    }
  });

  it('exports a file that exists for each entry of package.json', () => {
    const { exports, bin } = JSON.parse(read('package.json')) as {
      exports: Record<string, { types: string; default: string } | string>;
      bin: Record<string, string>;
    };
    const targets = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : [entry.default],
    );
    for (const target of [...targets, ...Object.values(bin)]) {
      const source = target.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '.ts');
      expect(existsSync(join(ROOT, source)), target).toBe(true);
    }
  });

  it('packs every source of the native kernels, headers too: `setup` compiles them from the package', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const packed = files.map((glob) => glob.split('/**/*'));
    const sources = FILES.filter((file) => /^(src|methods)\/.*\.(cc|h)$/.test(file));
    expect(sources).toContain('methods/cdape/score-rows.h');
    const left = sources.filter(
      (file) =>
        !packed.some(([folder, ending]) => ending && file.startsWith(`${folder}/`) && file.endsWith(ending)),
    );
    expect(left).toEqual([]);
  });
});
