import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { availableBackends, type BackendRequest, useBackend } from '../../src/backends/index.ts';
import { LOADERS } from '../../src/backends/loaders.ts';
import { UserError } from '../../src/errors.ts';

// Where the Vulkan loader looks for drivers: nowhere.
const NO_DRIVER = { VK_ICD_FILENAMES: '/no/driver.json', VK_DRIVER_FILES: '/no/driver.json' };
const canHideDrivers = process.platform === 'linux';

function hideDrivers(): void {
  for (const [name, value] of Object.entries(NO_DRIVER)) vi.stubEnv(name, value);
}

async function refusal(request: BackendRequest): Promise<UserError> {
  const error = await useBackend(request).catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('exact names', () => {
  test('js and wasm, one after the other, and tensors come along', async () => {
    const js = await useBackend('js');
    expect(js).toMatchObject({
      name: 'js',
      threads: 1,
      software: false,
      nativeKernels: false,
      reason: 'asked for',
    });
    expect(tf.getBackend()).toBe('cpu');
    const x = tf.tensor1d([1, 2, 3]);
    const wasm = await useBackend('wasm');
    expect(wasm).toMatchObject({ name: 'wasm', threads: 1, software: false, nativeKernels: false });
    expect(wasm.version).toMatch(/^4\.22\.0/);
    expect(tf.getBackend()).toBe('wasm');
    const y = x.add(1);
    await useBackend('js');
    expect([...(await y.mul(2).data())]).toEqual([4, 6, 8]);
    tf.dispose([x, y]);
  });

  test('an unknown one is a usage error that lists those there are', async () => {
    const error = await refusal('cuda' as BackendRequest);
    expect(error.exitCode).toBe(2);
    expect(error.message).toBe(
      "There is no backend 'cuda': choose auto, cpu, gpu, tensorflow, wasm, webgpu, js.",
    );
  });

  test.runIf(canHideDrivers)('webgpu without a driver is an error with the remedy', async () => {
    hideDrivers();
    const error = await refusal('webgpu');
    expect(error.exitCode).toBe(3);
    expect(error.message).toContain('finds no graphics adapter');
    expect(error.message).toContain('libvulkan1');
    expect(error.message).toContain('--backend cpu');
  });
});

describe('cpu', () => {
  test('takes the next one where tensorflow is missing, and says why', async () => {
    const missing = new UserError('tfjs-node cannot be used: run `npm run native`.', 3);
    vi.spyOn(LOADERS, 'tensorflow').mockRejectedValue(missing);
    const backend = await useBackend('cpu');
    expect(backend.name).toBe('wasm');
    expect(backend.reason).toBe(`the best CPU backend here; ${missing.message}`);
  });

  test('lets an error through that is no refusal', async () => {
    vi.spyOn(LOADERS, 'tensorflow').mockRejectedValue(new TypeError('a defect'));
    await expect(useBackend('cpu')).rejects.toThrow('a defect');
  });
});

describe('gpu and auto', () => {
  test.runIf(canHideDrivers)('gpu without one is an error that names both ways', async () => {
    hideDrivers();
    const error = await refusal('gpu');
    expect(error.exitCode).toBe(3);
    expect(error.message).toContain('There is no GPU backend here');
    expect(error.message).toContain('tfjs-node-gpu');
    expect(error.message).toContain('libvulkan1');
  });

  test.runIf(canHideDrivers)('auto without one takes what cpu takes, and says so', async () => {
    hideDrivers();
    const cpu = await useBackend('cpu');
    const auto = await useBackend('auto');
    expect(auto).toEqual({ ...cpu, reason: `no GPU found; ${cpu.reason}` });
  });

  test('neither takes a software adapter', async () => {
    const adapters = await import('../../src/backends/webgpu-adapter.ts');
    vi.spyOn(adapters, 'findAdapter').mockResolvedValue({ name: 'llvmpipe', software: true });
    expect((await refusal('gpu')).message).toContain('llvmpipe, is emulated on the CPU');
    expect((await useBackend('auto')).name).not.toBe('webgpu');
  });
});

test('availableBackends lists all of them and puts the one in use back', async () => {
  await useBackend('wasm');
  hideDrivers();
  const all = await availableBackends();
  expect(all.map(({ name }) => name)).toEqual(['tensorflow', 'tensorflow-gpu', 'webgpu', 'wasm', 'js']);
  for (const backend of all) {
    if (backend.available) expect(backend.version).not.toBe('');
    else expect(backend.reason).not.toBe('');
  }
  expect(all.find(({ name }) => name === 'js')?.available).toBe(true);
  expect(tf.getBackend()).toBe('wasm');
});
