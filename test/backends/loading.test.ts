import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { repairNodeUtil } from '../../src/backends/repair-node.ts';
import { findAdapter } from '../../src/backends/webgpu-adapter.ts';

const run = promisify(execFile);
const BACKENDS = fileURLToPath(new URL('../../src/backends/index.ts', import.meta.url));
const LIMIT_MS = 60_000;

/** Runs a program in a process of its own; `useBackend`, `releaseBackend` and `tf` are there. */
async function program(body: string): Promise<{ stdout: string; stderr: string }> {
  const source = `
    import * as tf from '@tensorflow/tfjs';
    import { createRequire } from 'node:module';
    import { releaseBackend, useBackend } from ${JSON.stringify(BACKENDS)};
    const packages = () => Object.keys(createRequire(import.meta.url).cache).join(' ');
    ${body}`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', source];
  return run(process.execPath, args, { timeout: LIMIT_MS, killSignal: 'SIGKILL' });
}

describe('a backend that is not used is not loaded', () => {
  for (const [backend, others] of [
    ['js', ['tfjs-backend-wasm', 'tfjs-backend-webgpu', 'tfjs-node', 'dawn.node']],
    ['wasm', ['tfjs-backend-webgpu', 'tfjs-node', 'dawn.node']],
  ] as const) {
    test(`${backend}, which also prints nothing`, async () => {
      const { stdout, stderr } = await program(`
        await useBackend('${backend}');
        const sum = (await tf.tensor1d([1, 2]).sum().data())[0];
        console.log(JSON.stringify({ sum, packages: packages() }));`);
      expect(stderr).toBe('');
      const { sum, packages } = JSON.parse(stdout);
      expect(sum).toBe(3);
      for (const other of others) expect(packages).not.toContain(other);
    });
  }
});

test('what Node 23 took from node:util is there for tfjs-node', () => {
  const util = createRequire(import.meta.url)('node:util');
  repairNodeUtil();
  expect([null, undefined, 0, ''].map(util.isNullOrUndefined)).toEqual([true, true, false, false]);
  expect([[], {}].map(util.isArray)).toEqual([true, false]);
});

describe('webgpu', async () => {
  const adapter = await findAdapter();

  test.runIf(adapter)(
    'names its adapter, can be left and taken again, and lets the process end',
    async () => {
      const { stdout } = await program(`
      const backend = await useBackend('webgpu');
      const twice = [];
      twice.push((await tf.tensor1d([1, 2]).add(1).data())[1]);
      await releaseBackend();
      await useBackend('webgpu');
      twice.push((await tf.tensor1d([1, 2]).add(1).data())[1]);
      await releaseBackend();
      console.log(JSON.stringify({ backend, twice, left: globalThis.navigator?.gpu === undefined }));`);
      const { backend, twice, left } = JSON.parse(stdout);
      expect(backend).toMatchObject({ name: 'webgpu', version: adapter?.name, software: adapter?.software });
      expect(backend.reason).toBe(adapter?.software ? 'asked for; a software adapter' : 'asked for');
      expect(twice).toEqual([3, 3]);
      expect(left).toBe(true);
    },
  );
});
