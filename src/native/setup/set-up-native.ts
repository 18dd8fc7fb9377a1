import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeStaging } from '../../download/build-directory.ts';
import { withLock } from '../../download/lock.ts';
import { type Progress, streamProgress } from '../../download/progress.ts';
import { explainFileError } from './disk.ts';
import { cacheDirectory, packageRoot, tfjsNodeDirectory } from './paths.ts';
import { kernelsUpToDate, provideKernels } from './provide-kernels.ts';
import { provideTfjsNode } from './provide-tfjs-node.ts';
import { probe, type Setting } from './setting.ts';
import { type SetupResult, SetupSteps } from './setup-result.ts';
import type { SmokeReport } from './smoke-test.ts';

export interface SetupOptions {
  /** Where the kernels' sources and `node_modules` are; default: this package. */
  readonly root?: string;
  readonly cache?: string;
  readonly progress?: Progress;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Makes the `tensorflow` backend work here: fetches TensorFlow's C library, lays tfjs-node, compiles its addon and our
 * native kernels, and tests the result in a process of its own. What is there already is kept; safe to run at any time,
 * by several processes at once, and again after an interruption.
 *
 * @throws UserError naming what is missing (platform, compiler, network, disk space) and the remedy
 */
export async function setUpNative(options: SetupOptions = {}): Promise<SetupResult> {
  const { root = packageRoot(), env = process.env, progress = streamProgress() } = options;
  const cache = options.cache ?? cacheDirectory(env);
  const setting: Setting = {
    root,
    cache,
    env,
    progress,
    tfjsNode: tfjsNodeDirectory(root),
    steps: new SetupSteps(),
  };
  const loaded = await present(setting);
  // Nothing to do is by far the most frequent case; it needs no lock.
  if (loaded !== undefined && (await kernelsUpToDate(setting, loaded))) return finish(setting, loaded);
  try {
    await mkdir(cache, { recursive: true });
    const locked = async (): Promise<SetupResult> => {
      for (const folder of [cache, join(cache, 'kernels'), dirname(setting.tfjsNode)])
        await removeStaging(folder);
      return finish(setting, loaded ?? (await present(setting)) ?? (await provideTfjsNode(setting)));
    };
    return await withLock(join(cache, 'setup.lock'), progress, locked, { what: 'set-up' });
  } catch (error) {
    throw explainFileError(error, cache);
  }
}

/** What tfjs-node reports, if it loads already: its own installer may have succeeded, or an earlier run of ours. */
async function present(setting: Setting): Promise<SmokeReport | undefined> {
  const start = performance.now();
  const outcome = await probe(setting);
  if (!outcome.ok) return undefined;
  const { tensorflowVersion, libraries } = outcome.report;
  const detail = `loads TensorFlow ${tensorflowVersion}${libraries.length > 0 ? ` (${libraries.join(', ')})` : ''}`;
  setting.steps.add({
    name: 'tfjs-node',
    state: 'cached',
    seconds: (performance.now() - start) / 1000,
    detail,
  });
  return outcome.report;
}

async function finish(setting: Setting, loaded: SmokeReport): Promise<SetupResult> {
  const { steps, tfjsNode } = setting;
  const kernels = await steps.run('native kernels', () => provideKernels(setting, loaded));
  return { steps: steps.all, tensorflowVersion: loaded.tensorflowVersion, kernels, tfjsNode };
}
