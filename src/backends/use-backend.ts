import { UserError } from '../errors.ts';
import { BACKEND_REQUESTS, type Backend, type BackendRequest } from './backend.ts';
import { LOADERS } from './loaders.ts';

const CPU_ORDER = ['tensorflow', 'wasm', 'js'] as const;

/**
 * Loads the backend, makes it TensorFlow.js's current one, and says what was taken and why. Can be called again to switch;
 * tensors made before stay where they are, and TensorFlow.js moves them when they are used, though not away from webgpu, which
 * cannot be read synchronously.
 *
 * @throws UserError (exit code 3), with the remedy, where a backend that was named cannot be had, or `gpu` finds none.
 */
export async function useBackend(request: BackendRequest): Promise<Backend> {
  switch (request) {
    case 'cpu':
      return bestCpu();
    case 'gpu':
      return bestGpu();
    case 'auto':
      return automatic();
    default: {
      const load = LOADERS[request];
      if (load === undefined) {
        throw new UserError(`There is no backend '${request}': choose ${BACKEND_REQUESTS.join(', ')}.`);
      }
      const loaded = await load();
      return { ...loaded, reason: loaded.software ? 'asked for; a software adapter' : 'asked for' };
    }
  }
}

/** Lets the process end: frees the graphics device where one is in use. Tensors on it are gone; other backends stay. */
export async function releaseBackend(): Promise<void> {
  if (globalThis.navigator?.gpu !== undefined) (await import('./webgpu.ts')).releaseWebgpu();
}

async function automatic(): Promise<Backend> {
  try {
    return await bestGpu();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const cpu = await bestCpu();
    return { ...cpu, reason: `no GPU found; ${cpu.reason}` };
  }
}

async function bestCpu(): Promise<Backend> {
  const refusals: string[] = [];
  for (const name of CPU_ORDER) {
    try {
      const loaded = await LOADERS[name]();
      const reason = ['the best CPU backend here', ...refusals].join('; ');
      return { ...loaded, reason };
    } catch (error) {
      refusals.push(refusal(error));
    }
  }
  throw new UserError(`No CPU backend loads. ${refusals.join(' ')}`, 3);
}

async function bestGpu(): Promise<Backend> {
  const refusals: string[] = [];
  try {
    const loaded = await LOADERS['tensorflow-gpu']();
    return { ...loaded, reason: 'a GPU that CUDA reaches' };
  } catch (error) {
    refusals.push(refusal(error));
  }
  try {
    const { loadWebgpu } = await import('./webgpu.ts');
    const loaded = await loadWebgpu({ realOnly: true });
    return { ...loaded, reason: 'a graphics adapter that WebGPU reaches' };
  } catch (error) {
    refusals.push(refusal(error));
  }
  throw new UserError(`There is no GPU backend here. ${refusals.join(' ')}`, 3);
}

function refusal(error: unknown): string {
  if (!(error instanceof UserError)) throw error;
  return error.message;
}
