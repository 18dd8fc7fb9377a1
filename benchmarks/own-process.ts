import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LineProcess } from '../src/experiment/line-process.ts';

/**
 * How a module of ours, beside `base`, is started as a program.
 *
 * @param module relative to `base` and without its ending, which is that of `base`: TypeScript in the checkout, else JavaScript
 * @param base `import.meta.url` of the caller
 */
export function ownProgram(module: string, base: string): { command: string; args: string[] } {
  const typescript = base.endsWith('.ts');
  const path = fileURLToPath(new URL(`${module}.${typescript ? 'ts' : 'js'}`, base));
  const loader = typescript ? ['--import', pathToFileURL(createRequire(base).resolve('tsx')).href] : [];
  return { command: process.execPath, args: [...loader, path] };
}

/**
 * Starts a module of ours in a process of its own: each contestant has its own backend, native kernels on or off, and memory
 * that goes back when it ends.
 */
export function startOwn(
  name: string,
  module: string,
  base: string,
  env: Readonly<Record<string, string>> = {},
): LineProcess {
  const { command, args } = ownProgram(module, base);
  return new LineProcess(name, command, args, env);
}
