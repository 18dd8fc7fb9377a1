import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  exports: Record<string, { default: string }>;
};

const README_FILES = [
  'README.md',
  'src/README.md',
  ...readdirSync(join(ROOT, 'methods')).map((method) => `methods/${method}/README.md`),
];

function blocks(file: string, language: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code]) => code as string,
  );
}

/** Where an import of the README finds its module in the checkout: our own from source, others from node_modules. */
function resolve(specifier: string): string {
  if (specifier.startsWith('tfjs-methods')) {
    const target = manifest.exports[specifier.replace('tfjs-methods', '.')]?.default;
    if (target === undefined) throw new Error(`package.json exports no ${specifier}`);
    return pathToFileURL(join(ROOT, target.replace('./dist/', '').replace(/\.js$/, '.ts'))).href;
  }
  return pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href;
}

describe.each(README_FILES)('%s', (file) => {
  it('has TypeScript that runs as it stands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    try {
      for (const [index, code] of blocks(file, 'ts').entries()) {
        const program = join(folder, `block-${index}.mts`);
        writeFileSync(
          program,
          code.replace(/from '([^']+)'/g, (_, name) => `from '${resolve(name)}'`),
        );
        await run(process.execPath, ['--import', import.meta.resolve('tsx'), program], { cwd: ROOT });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);

  it('has commands that exist and are understood', async () => {
    const commands = blocks(file, 'sh').flatMap((block) =>
      block
        .split('\n')
        .flatMap((line) => line.replace(/\s+#.*$/, '').split('&&'))
        .map((command) => command.trim())
        .filter((command) => command.startsWith('npm ')),
    );
    for (const command of commands) {
      const words = command.split(/\s+/).map((word) => word.replace(/^'(.*)'$/, '$1'));
      const script = words[1] === 'run' ? words.find((word, i) => i > 1 && !word.startsWith('-')) : words[1];
      if (script !== 'install' && script !== 'ci')
        expect(Object.keys(manifest.scripts), command).toContain(script);
      const args = words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
      if (script !== 'cli' || args[0] !== 'run') continue;
      // Your own files are examples; everything else must be understood.
      const known = args.filter((arg, i) => arg !== '--data' && args[i - 1] !== '--data');
      const cli = ['--import', 'tsx', 'benchmarks/bin.ts', ...known, '--dry-run'];
      await expect(run(process.execPath, cli, { cwd: ROOT }), command).resolves.toBeDefined();
    }
  }, 300_000);

  it('links to files that exist', () => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      expect(existsSync(join(ROOT, dirname(file), target as string)), `${file}: ${target}`).toBe(true);
    }
  });
});
