import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LineProcess } from '../src/experiment/line-process.ts';

/**
 * Starts a module of ours, beside `base`, in a process of its own: each contestant has its own backend, native kernels on or
 * off, and memory that goes back when it ends.
 *
 * @param module relative to `base` and without its ending, which is that of `base`: TypeScript in the checkout, else JavaScript
 * @param base `import.meta.url` of the caller
 */
export function startOwn(
  name: string,
  module: string,
  base: string,
  env: Readonly<Record<string, string>> = {},
): LineProcess {
  const typescript = base.endsWith('.ts');
  const path = fileURLToPath(new URL(`${module}.${typescript ? 'ts' : 'js'}`, base));
  const loader = typescript ? ['--import', pathToFileURL(createRequire(base).resolve('tsx')).href] : [];
  return new LineProcess(name, process.execPath, [...loader, path], env);
}
