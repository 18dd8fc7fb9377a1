import { existsSync } from 'node:fs';
import { UserError } from '../../errors.ts';
import { cachedAddon, compileAddon, layAddon } from './compile-addon.ts';
import { requireCompiler } from './compiler.ts';
import { thisHost } from './host.ts';
import { nodeHeaders } from './node-headers.ts';
import { provideLibrary } from './provide-library.ts';
import { probe, type Setting } from './setting.ts';
import type { SmokeOutcome, SmokeReport } from './smoke-test.ts';
import { cachedLibrary, type TensorflowLibrary } from './tensorflow-library.ts';
import { layTfjsNode, tfjsNodeIsWhole } from './tfjs-node-package.ts';
import { wheelFor } from './wheel.ts';

/**
 * Library, JavaScript and addon of tfjs-node, each from the cache or made now, until a test process loads them.
 *
 * @throws UserError naming what is missing and the remedy
 */
export async function provideTfjsNode(setting: Setting): Promise<SmokeReport> {
  const { cache, env, steps, tfjsNode } = setting;
  const library = await steps.run('TensorFlow library', () => provideTensorflow(setting));
  await steps.run('tfjs-node', async () => {
    if (tfjsNodeIsWhole(tfjsNode)) return ['cached', tfjsNode, undefined];
    await layTfjsNode(cache, tfjsNode, env);
    return ['done', `laid into ${tfjsNode}`, undefined];
  });
  const outcome = await steps.run('addon', () => provideAddon(setting, library));
  if (outcome.ok) return outcome.report;
  throw new UserError(`The TensorFlow addon was built but does not work: ${outcome.reason}`, 3);
}

async function provideTensorflow({ cache, env, progress }: Setting) {
  const wheel = wheelFor(thisHost());
  const present = cachedLibrary(cache);
  if (present !== undefined) return ['cached', describe(present), present] as const;
  await requireCompiler(env); // better now than after the long download
  if (!wheel.tested) progress.line(`Note: nobody has tried this set-up with ${wheel.file} yet.`);
  const library = await provideLibrary(wheel, cache, { progress, env });
  progress.line(
    `TensorFlow ${library.version} is in ${library.directory}; the wheel was deleted to save space.`,
  );
  return ['done', describe(library), library] as const;
}

async function provideAddon(setting: Setting, library: TensorflowLibrary) {
  const addon = cachedAddon(setting.cache, library);
  const cached = existsSync(addon);
  if (cached) {
    const outcome = await layAndProbe(setting, addon);
    if (outcome.ok) return ['cached', addon, outcome] as const;
    // A cache may have been moved, or shared by systems with another C++ library: once more, from the sources.
  }
  await compile(setting, library, addon);
  return ['done', addon, await layAndProbe(setting, addon)] as const;
}

async function compile(setting: Setting, library: TensorflowLibrary, addon: string): Promise<void> {
  const { cache, env, progress, tfjsNode } = setting;
  const compiler = await requireCompiler(env);
  progress.line("Compiling tfjs-node's addon");
  await compileAddon(tfjsNode, library, compiler, await nodeHeaders(cache, env), addon);
}

async function layAndProbe(setting: Setting, addon: string): Promise<SmokeOutcome> {
  await layAddon(addon, setting.tfjsNode);
  return probe(setting);
}

function describe(library: TensorflowLibrary): string {
  return `${library.version} in ${library.directory}`;
}
