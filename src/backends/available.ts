import * as tf from '@tensorflow/tfjs';
import type { BackendName, Loaded } from './backend.ts';
import { LOADERS } from './loaders.ts';

/** One line of the `env` command. */
export type Availability =
  | (Loaded & { readonly available: true })
  | {
      readonly name: BackendName;
      readonly available: false;
      /** Why not, and what to do about it. */
      readonly reason: string;
    };

const ALL: readonly BackendName[] = ['tensorflow', 'tensorflow-gpu', 'webgpu', 'wasm', 'js'];

/**
 * Loads each backend in turn and puts the one that was in use back. Takes a second or two.
 *
 * @param names those to load; a process can load only one of `tensorflow` and `tensorflow-gpu`
 */
export async function availableBackends(names: readonly BackendName[] = ALL): Promise<Availability[]> {
  const before = tf.getBackend();
  const found: Availability[] = [];
  for (const name of names) {
    try {
      found.push({ ...(await LOADERS[name]()), available: true });
    } catch (error) {
      found.push({ name, available: false, reason: (error as Error).message });
    }
  }
  if (before) await tf.setBackend(before);
  return found;
}
