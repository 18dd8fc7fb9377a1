import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../errors.ts';
import { compileKernels, kernelsAreCurrent } from './compile-kernels.ts';
import { findCompiler, requireCompiler } from './compiler.ts';
import { kernelSources } from './kernel-sources.ts';
import { nodeHeaders } from './node-headers.ts';
import { kernelsAddonPath } from './paths.ts';
import type { Setting } from './setting.ts';
import type { SetupStep } from './setup-result.ts';
import { type SmokeReport, smokeTest } from './smoke-test.ts';
import { loadedLibrary } from './tensorflow-library.ts';

type KernelsOutcome = readonly [state: SetupStep['state'], detail: string, usable: boolean];

/** Whether a process that has just loaded tfjs-node also loaded kernels that need no new compilation. */
export async function kernelsUpToDate(setting: Setting, loaded: SmokeReport): Promise<boolean> {
  if (kernelSources(setting.root).length === 0) return true;
  const addon = addonFor(setting, loaded);
  return loaded.kernels === addon && kernelsAreCurrent(addon, await findCompiler(setting.env));
}

/** Compiles the kernels for the library that is loaded. A failure only means op-by-op: it is told, never thrown. */
export async function provideKernels(setting: Setting, loaded: SmokeReport): Promise<KernelsOutcome> {
  const addon = addonFor(setting, loaded);
  if (kernelSources(setting.root).length === 0)
    return ['skipped', 'this package has no kernel sources', false];
  if (await kernelsUpToDate(setting, loaded)) return ['cached', addon, true];
  try {
    // They may be there and not be what was loaded: made meanwhile by another process, or for another TensorFlow.
    const current = kernelsAreCurrent(addon, await findCompiler(setting.env));
    if (!current) await compile(setting, loaded, addon);
    await checkKernels(setting, addon);
    return [current ? 'cached' : 'done', addon, true];
  } catch (error) {
    const message = (error as Error).message;
    setting.progress.line(`Native kernels are off; operations run one by one. ${message}`);
    return ['skipped', message.split('\n')[0] ?? '', false];
  }
}

async function compile(setting: Setting, loaded: SmokeReport, addon: string): Promise<void> {
  const { cache, env, progress, root, tfjsNode } = setting;
  const compiler = await requireCompiler(env);
  const library = loadedLibrary(cache, tfjsNode, loaded);
  if (library === undefined) {
    throw new UserError(
      `TensorFlow ${loaded.tensorflowVersion} came without the headers to compile against.`,
      3,
    );
  }
  progress.line('Compiling the native kernels');
  await compileKernels(root, library, compiler, await nodeHeaders(cache, env), addon);
}

/** An addon that does not load, or kills the process, must not stay where programs would find it. */
async function checkKernels(setting: Setting, addon: string): Promise<void> {
  const outcome = await smokeTest(setting.tfjsNode, addon, setting.env);
  if (outcome.ok && outcome.report.kernels === addon) return;
  if (existsSync(addon)) await rm(dirname(addon), { recursive: true, force: true });
  const reason = outcome.ok ? outcome.report.kernelsError : outcome.reason;
  throw new UserError(`The native kernels were compiled but do not load: ${reason}`, 3);
}

function addonFor({ root, cache }: Setting, loaded: SmokeReport): string {
  return kernelsAddonPath({ root, cache, tensorflowVersion: loaded.tensorflowVersion });
}
