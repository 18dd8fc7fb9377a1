import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Progress } from '../../download/progress.ts';
import { kernelsAddonPath, tfjsAddonPath } from './paths.ts';
import type { SetupSteps } from './setup-result.ts';
import { type SmokeOutcome, smokeTest } from './smoke-test.ts';

/** What every step of one set-up knows. */
export interface Setting {
  /** Where the kernels' sources and `node_modules` are. */
  readonly root: string;
  readonly cache: string;
  readonly tfjsNode: string;
  readonly progress: Progress;
  readonly env: NodeJS.ProcessEnv;
  readonly steps: SetupSteps;
}

/** Loads what is there, with our kernels if they were compiled. Kernels that crash the process are removed. */
export async function probe(setting: Setting): Promise<SmokeOutcome> {
  const { root, cache, tfjsNode, env } = setting;
  if (!existsSync(tfjsAddonPath(tfjsNode)))
    return { ok: false, reason: `${tfjsNode} holds no compiled addon` };
  const kernels = kernelsAddonPath({ root, cache });
  if (!existsSync(kernels)) return smokeTest(tfjsNode, undefined, env);
  const outcome = await smokeTest(tfjsNode, kernels, env);
  if (outcome.ok) return outcome;
  const alone = await smokeTest(tfjsNode, undefined, env);
  if (alone.ok) await rm(dirname(kernels), { recursive: true, force: true });
  return alone;
}
